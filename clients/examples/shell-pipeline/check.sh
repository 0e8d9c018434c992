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
  # After --, no name of a file is an option.
  verdict=$(aegis verify --keys jwks.json --issuer "$issuer" --module payroll --host-version 17.0 \
    --db-uuid "$db_uuid" --domain "$domain" --json -- "$file") || status=$?
  # 1: it is not valid, and the verdict is still on standard output. 2 and 3: there is no verdict.
  case $status in
    0) ;;
    1) refused=1 ;;
    *) exit "$status" ;;
  esac
  claims=$(aegis inspect --json -- "$file" 2>/dev/null) || claims='{}'
  # A name may have tabs and line breaks, which would look like other licenses.
  printf '%s\n%s' "$verdict" "$claims" | node -p '
    const [verdict, claims] = fs.readFileSync(0, "utf8").split("\n").map((line) => JSON.parse(line));
    const isBound = verdict.license_id !== null && claims.content?.instance_fingerprint === process.argv[2];
    [process.argv[1], verdict.code, verdict.customer_name ?? "-", isBound ? "bound" : "-"]
      .map((text) => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "?")).join("\t")' -- "$file" "$here"
done
exit $refused
