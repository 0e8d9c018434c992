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
# A secret never is an argument of a program: it would be in the list of processes.
write() {
  [ ! -e "$folder/$1" ] || { cat > /dev/null; return 0; }
  cat > "$folder/.new"
  chown "$user" "$folder/.new"
  chmod 0400 "$folder/.new"
  mv "$folder/.new" "$folder/$1"
}
make_password() {
  [ -e "$folder/$1" ] || openssl rand -hex 24 | write "$1"
  read -r password < "$folder/$1"
}

mkdir -p "$folder"
[ ! -L "$folder" ] || refuse "$folder is a link; name the folder itself"
# Only root creates, renames or replaces anything here: user 10001 reads its files by their names.
chown 0:0 "$folder"
chmod 0711 "$folder"
# Earlier versions gave the folder to user 10001. What root writes must not go where a link of that user leads.
links=$(find "$folder" -maxdepth 1 -type l)
[ -z "$links" ] || refuse "these are links, and none may be: $links"
rm -f "$folder/.new"

mkdir -p "$folder/keys"
chown "$user" "$folder/keys"
chmod 0700 "$folder/keys"
openssl rand -base64 32 | write key-passphrase
{ printf 'v1:'; openssl rand -base64 48 | tr -d '\n'; echo; } | write api-key-peppers
make_password postgres-password
echo "postgres://postgres:$password@/aegis?host=$sockets" | write admin-database-url
make_password owner-password
echo "postgres://aegis_owner:$password@/aegis?host=$sockets" | write migration-database-url
make_password app-password
echo "postgres://aegis_app:$password@/aegis?host=$sockets" | write database-url
