#!/bin/sh
# usage: docker/make-secrets.sh <folder>
# Makes the secrets that compose.prod.yaml mounts, each a file of user 10001 with mode 0400, and the folder for the keys.
# Files that exist stay as they are. As root; under rootless podman: podman unshare sh docker/make-secrets.sh <folder>
set -eu
umask 077
folder=${1:?usage: docker/make-secrets.sh <folder>}
user=10001:10001
sockets=/var/run/postgresql

refuse() {
  echo "make-secrets.sh: $1" >&2
  exit 1
}
# write <name> <value>. A function, and printf of the shell: a secret never is an argument of a program, which the list of
# processes would show.
write() {
  [ ! -e "$folder/$1" ] || return 0
  printf '%s\n' "$2" > "$folder/.new"
  chown "$user" "$folder/.new"
  chmod 0400 "$folder/.new"
  mv "$folder/.new" "$folder/$1"
}
make_password() {
  if [ ! -e "$folder/$1" ]; then
    # On a line of its own: where openssl fails, everything ends.
    password=$(openssl rand -hex 24)
    write "$1" "$password"
  fi
  read -r password < "$folder/$1"
}

# With a slash at its end, a link is followed before anybody looks at it.
while [ "$folder" != "${folder%/}" ]; do folder=${folder%/}; done
[ -n "$folder" ] || refuse 'the folder must not be /'
mkdir -p "$folder"
[ ! -L "$folder" ] || refuse "$folder is a link; name the folder itself"
# Only root creates, renames or replaces anything here: user 10001 reads its files by their names.
chown 0:0 "$folder"
chmod 0711 "$folder"
# Earlier versions gave the folder to user 10001. What root writes must not go where a link of that user leads.
links=$(find "$folder" -maxdepth 1 -type l)
[ -z "$links" ] || refuse "these are links, and none may be: $links"
# What is there stays as it is, and so must be a secret: a pipe is waited for, and what is empty is used as it is.
others=$(find "$folder" -maxdepth 1 ! -type f ! -path "$folder" ! -path "$folder/keys")
[ -z "$others" ] || refuse "these are not files: $others"
empty=$(find "$folder" -maxdepth 1 -type f -size 0 ! -name .new)
[ -z "$empty" ] || refuse "these are empty; remove them: $empty"
rm -f "$folder/.new"

mkdir -p "$folder/keys"
chown "$user" "$folder/keys"
chmod 0700 "$folder/keys"
passphrase=$(openssl rand -base64 32)
write key-passphrase "$passphrase"
# 64 characters: openssl does not break the line before it is longer.
pepper=$(openssl rand -base64 48)
write api-key-peppers "v1:$pepper"
secret=$(openssl rand -base64 48)
write secrets-key "v1:$secret"
make_password postgres-password
write admin-database-url "postgres://postgres:$password@/aegis?host=$sockets"
make_password owner-password
write migration-database-url "postgres://aegis_owner:$password@/aegis?host=$sockets"
make_password app-password
write database-url "postgres://aegis_app:$password@/aegis?host=$sockets"
