import { type OpenKeys, readKeys } from './keys/trusted-keys';
import type { GuardStorage } from './guard-storage';
import { hashedOption, isMembers, isSecond, textOption, textsOption } from './option-checks';

/** Options of `verifyLicense`, checked. */
export interface CheckedOptions {
  openKeys: OpenKeys;
  issuers: readonly string[];
  module: string;
  version: string;
  /** Null: not given, or not all of it. */
  instance: { db_uuid: string; domain: string } | null;
  statusLists: readonly string[] | undefined;
  maxOffline: number | undefined;
  now: Date;
  guard: GuardStorage | null;
  activation: CheckedSeat | null;
}

export interface CheckedSeat {
  token: string;
  fingerprint: string;
  nonce: string | undefined;
  statusLists: readonly string[] | undefined;
}

const NAMES = new Set([
  'keys',
  'issuer',
  'module',
  'version',
  'instance',
  'statusList',
  'maxOffline',
  'now',
  'guard',
  'activation',
]);

/**
 * Checks the options of `verifyLicense`: a mistake in them is the program's.
 * @throws TypeError that names the option
 */
export function readOptions(options: unknown): CheckedOptions {
  if (!isMembers(options)) throw new TypeError('options must be an object');
  const unknown = Object.keys(options).find((name) => !NAMES.has(name));
  // A misspelt statusList would mean that nothing is ever revoked.
  if (unknown !== undefined) throw new TypeError(`${unknown} is not an option`);
  const { keys, maxOffline } = options;
  if (maxOffline !== undefined && !isSecond(maxOffline))
    throw new TypeError('maxOffline must be a number of seconds');
  return {
    openKeys: readKeys(keys),
    issuers: issuersOf(options.issuer),
    module: textOption(options.module, 'module'),
    version: textOption(options.version, 'version'),
    instance: instanceOf(options.instance),
    statusLists: textsOption(options.statusList, 'statusList'),
    maxOffline,
    now: nowOf(options.now),
    guard: guardOf(options.guard),
    activation: seatOf(options.activation),
  };
}

function issuersOf(issuer: unknown): readonly string[] {
  const issuers = textsOption(issuer, 'issuer');
  if (issuers === undefined || issuers.includes(''))
    throw new TypeError('issuer must be a text, or a list of texts');
  return issuers;
}

function instanceOf(instance: unknown): CheckedOptions['instance'] {
  if (instance === undefined || instance === null) return null;
  if (!isMembers(instance)) throw new TypeError('instance must be { db_uuid, domain }');
  const db_uuid = knownText(instance.db_uuid, 'instance.db_uuid');
  const domain = knownText(instance.domain, 'instance.domain');
  return db_uuid !== null && domain !== null ? { db_uuid, domain } : null;
}

/** An installation that does not know itself sends an empty text, or nothing. */
function knownText(value: unknown, name: string): string | null {
  return value === undefined || value === null || value === '' ? null : hashedOption(value, name);
}

function nowOf(now: unknown): Date {
  if (now === undefined) return new Date();
  if (!isSecond(now)) throw new TypeError('now must be seconds since 1970');
  return new Date(now * 1000);
}

function guardOf(guard: unknown): GuardStorage | null {
  if (guard === undefined || guard === null) return null;
  const { load, save } = guard as Partial<GuardStorage>;
  if (typeof load !== 'function' || typeof save !== 'function')
    throw new TypeError('guard must have the functions load and save');
  return guard as GuardStorage;
}

function seatOf(activation: unknown): CheckedSeat | null {
  if (activation === undefined || activation === null) return null;
  if (!isMembers(activation)) throw new TypeError('activation must be { token, fingerprint }');
  const { nonce } = activation;
  return {
    token: textOption(activation.token, 'activation.token'),
    fingerprint: hashedOption(activation.fingerprint, 'activation.fingerprint'),
    nonce: nonce === undefined || nonce === null ? undefined : textOption(nonce, 'activation.nonce'),
    statusLists: textsOption(activation.statusList, 'activation.statusList'),
  };
}
