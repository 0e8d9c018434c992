#!/usr/bin/env bash
# back-up-secrets.sh <certificate> <new file> <path>…
#
# Encrypts the signing keys, their passphrase and the peppers to the certificate of the people who keep them. The machine has
# only the certificate: anyone who takes it over can't read earlier copies. Store the file apart from the backups of the
# database: with both, everything can be forged.
#
#   openssl req -x509 -newkey rsa:4096 -days 3650 -subj '/CN=AEGIS backups' -keyout backup.key -out backup.crt    # offline
#   back-up-secrets.sh backup.crt secrets-2026-11.cms /etc/aegis/keys /etc/aegis/key-passphrase /etc/aegis/api-key-peppers
#   openssl cms -decrypt -inform DER -inkey backup.key -in secrets-2026-11.cms | tar -x
set -euo pipefail
if [ "$#" -lt 3 ]; then
  echo "usage: $0 <certificate> <new file> <path>…" >&2
  exit 2
fi
certificate=$1 target=$2
shift 2
[ ! -e "$target" ] && [ ! -L "$target" ] || { echo "$target exists; name a new file" >&2; exit 1; }
for path in "$@"; do
  [ -r "$path" ] || { echo "$path can't be read" >&2; exit 1; }
  # tar would keep a link as a link: its secret would be missing, and nobody would notice before it is needed.
  links=$(find "$path" -type l)
  [ -z "$links" ] || { printf 'these are links; name what they lead to:\n%s\n' "$links" >&2; exit 1; }
done
umask 077
# A new file, and a name that is not followed: a link that another user puts here must not lead to another file.
part=$(mktemp "$(dirname -- "$target")/.secrets.XXXXXXXXXX")
trap 'rm -f "$part"' EXIT
# `-f -`: else the variable TAPE says where the secrets go, not encrypted.
tar -c -f - -- "$@" | openssl cms -encrypt -binary -aes-256-gcm -outform DER -out "$part" "$certificate"
mv -nT -- "$part" "$target"
[ ! -e "$part" ] || { echo "$target exists; name a new file" >&2; exit 1; }
