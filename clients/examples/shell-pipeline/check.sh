#!/bin/sh
# usage: check.sh <issuer> <db-uuid> <domain> <license.jwt> …
# Prints a line for each license: file, code, customer, and whether it is bound to this installation. Ends with 1 where one
# of them is not valid.
set -eu
issuer=$1 db_uuid=$2 domain=$3
shift 3
here=$(aegis fingerprint --db-uuid "$db_uuid" --domain "$domain")
refused=0
for file in "$@"; do
  status=0
  verdict=$(aegis verify "$file" --keys jwks.json --issuer "$issuer" --module payroll --host-version 17.0 \
    --db-uuid "$db_uuid" --domain "$domain" --json) || status=$?
  # 1: it is not valid, and the verdict is still on standard output. 2 and 3: there is no verdict.
  case $status in
    0) ;;
    1) refused=1 ;;
    *) exit "$status" ;;
  esac
  bound=$(aegis inspect "$file" --json | grep -q "$here" && echo bound || echo -)
  printf '%s' "$verdict" | node -p '
    const { code, customer_name } = JSON.parse(fs.readFileSync(0, "utf8"));
    [...process.argv.slice(1, 2), code, customer_name ?? "-", process.argv[2]].join("\t")' "$file" "$bound"
done
exit $refused
