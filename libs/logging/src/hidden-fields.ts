/** What stands in place of what a log must not hold. */
export const MASK = '[redacted]';

/** Credentials, alone or as the end of a longer name: `token`, `newPassword`, `x-api-key`, `database_url`. */
const CREDENTIAL =
  /(tokens?|secrets?|secretskey|passwords?|passphrase|peppers?|authorization|cookie|apikey|apikeypeppers|privatekey|pem|databaseurl|replicaurls|redisurl)$/;

/** What a person could be known by, what people wrote, and what quotes a request or a row. */
const PERSONAL = new Set([
  'name',
  'customername',
  'email',
  'company',
  'phone',
  'address',
  'notes',
  'description',
  'reason',
  'revokedreason',
  'suspendedreason',
  'instancedbuuid',
  'instancedomain',
  'dbuuid',
  'domain',
  'ip',
  'ipaddress',
  'useragent',
  'parameters',
  'query',
  'detail',
  'body',
]);

/** Names that were judged before: a program's lines have the same fields again and again. */
const judged = new Map<string, boolean>();
const MOST_JUDGED = 1000;

/** Whether the value of a field never appears in a log, however its name is spelt (`customer_name`, `customerName`). */
export function isHiddenField(name: string): boolean {
  let hidden = judged.get(name);
  if (hidden === undefined) {
    hidden = mustBeHidden(name);
    if (judged.size < MOST_JUDGED) judged.set(name, hidden);
  }
  return hidden;
}

function mustBeHidden(name: string): boolean {
  const letters = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return PERSONAL.has(letters) || CREDENTIAL.test(letters);
}
