import { malformedClaim } from './claim-shape';
import type { LicenseClaims } from './claims';
import {
  CUSTOMER_ID,
  INSTANCE_FINGERPRINT,
  MAJOR_VERSION,
  MAX_CUSTOMER_NAME_LENGTH,
  MAX_MAJOR_VERSIONS,
  MAX_TOKEN_BYTES,
  MODULE_NAME,
} from './rules';

/** A dot and the 64 bytes of an Ed25519 signature in base64url. */
const SIGNATURE_PART_BYTES = 1 + 86;

const CLAIMS = [
  'jti',
  'iss',
  'iat',
  'exp',
  'customer',
  'module',
  'license_type',
  'instance_fingerprint',
  'grace_days',
  'entitlements',
  'seats',
  'rev',
  'status',
];

/**
 * The issuer's last check before it signs: a signed mistake can't be taken back from people who have the token. Only
 * for claims that will be signed; imported tokens have no `rev` and `status` and fail here.
 * @param claims everything that will be signed
 * @returns what is wrong, with the claim and the rule but without a value; empty when nothing is wrong
 */
export function lintClaims(claims: LicenseClaims): string[] {
  const malformed = malformedClaim(claims);
  if (malformed !== null) return [`${malformed} is missing or of the wrong type`];
  return [...unknownClaims(claims), ...brokenRules(claims)];
}

/**
 * Whether a token stays within 8 KiB once it is signed with Ed25519.
 * @param signingInput encoded header and payload with the dot between them
 */
export function fitsTokenLimit(signingInput: string): boolean {
  return signingInput.length + SIGNATURE_PART_BYTES <= MAX_TOKEN_BYTES;
}

function unknownClaims(claims: LicenseClaims): string[] {
  const { customer, module, seats, status } = claims;
  const unknown = (path: string, object: object, known: readonly string[]): string[] =>
    Object.keys(object)
      .filter((name) => !known.includes(name))
      .map((name) => `${path}${name} is not a claim of a license`);
  return [
    ...unknown('', claims, CLAIMS),
    ...unknown('customer.', customer, ['id', 'name']),
    ...unknown('module.', module, ['technical_name', 'allowed_major_versions']),
    ...unknown('seats.', seats ?? {}, ['mode', 'required']),
    ...unknown('status.', status ?? {}, ['status_list']),
    ...unknown('status.status_list.', status?.status_list ?? {}, ['idx', 'uri']),
  ];
}

function brokenRules(claims: LicenseClaims): string[] {
  const { exp, customer, module, rev, status, instance_fingerprint: fingerprint } = claims;
  const versions = module.allowed_major_versions;
  const nameLength = Array.from(customer.name).length;
  const rules: [boolean, string][] = [
    [claims.iss !== '', 'iss must not be empty'],
    [claims.license_type !== 'perpetual' || exp === undefined, 'exp must be absent from a perpetual license'],
    [CUSTOMER_ID.test(customer.id), 'customer.id must be 1 to 50 of A-Z a-z 0-9 _ -'],
    [
      nameLength >= 1 && nameLength <= MAX_CUSTOMER_NAME_LENGTH,
      `customer.name must have 1 to ${MAX_CUSTOMER_NAME_LENGTH} characters`,
    ],
    [MODULE_NAME.test(module.technical_name), 'module.technical_name must be 1 to 100 of A-Z a-z 0-9 _ . -'],
    [
      versions.length >= 1 && versions.length <= MAX_MAJOR_VERSIONS,
      `module.allowed_major_versions must have 1 to ${MAX_MAJOR_VERSIONS} entries`,
    ],
    [
      versions.every((version) => MAJOR_VERSION.test(version)),
      'module.allowed_major_versions must be 1 to 10 digits each',
    ],
    [new Set(versions).size === versions.length, 'module.allowed_major_versions must not contain duplicates'],
    [
      fingerprint === undefined || INSTANCE_FINGERPRINT.test(fingerprint),
      'instance_fingerprint must be sha256: and 64 lower-case hex digits',
    ],
    [rev !== undefined && rev >= 1, 'rev must be 1 or more'],
    [status !== undefined, 'status must be present'],
    [status === undefined || status.status_list.idx >= 0, 'status.status_list.idx must be 0 or more'],
    [
      status === undefined || isHttpUrl(status.status_list.uri),
      'status.status_list.uri must be an http or https URL',
    ],
  ];
  return rules.filter(([kept]) => !kept).map(([, rule]) => rule);
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}
