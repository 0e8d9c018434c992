import { length as isLength, registerDecorator } from 'class-validator';
import { BlockList, isIP } from 'node:net';
import { fileURLToPath } from 'node:url';
import { isPlainUrl } from './urls/plain-url';
import { isPostgresUrl, POSTGRES_URL_RULE } from './urls/postgres-url';
import { isRedisUrl, REDIS_URL_RULE } from './urls/redis-url';

/** A rule on one variable: `holds` says whether the value keeps it, `message` is the rule in words. */
export function rule(name: string, message: string, holds: (value: unknown) => boolean): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(property),
      validator: { validate: holds, defaultMessage: () => message },
    });
  };
}

/** A whole number, as decimal digits, within bounds that are part of it. */
export const IsWholeNumber = (least: number, most: number): PropertyDecorator =>
  rule(
    'isWholeNumber',
    `must be a whole number from ${least} to ${most}`,
    (value) => typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most,
  );

export const IsTrueOrFalse = (): PropertyDecorator =>
  rule('isTrueOrFalse', 'must be true or false', (value) => typeof value === 'boolean');

/** A text of so many characters. */
export const HasLength = (least: number, most: number): PropertyDecorator =>
  rule('hasLength', `must have ${least} to ${most} characters`, (value) => isLength(value, least, most));

function asUrl(value: unknown): URL | undefined {
  return typeof value === 'string' && isPlainUrl(value) ? new URL(value) : undefined;
}

/** `postgres://user:password@host:port/database`, or the canonical form of a Unix socket's. */
export const IsPostgresUrl = (): PropertyDecorator =>
  rule('isPostgresUrl', POSTGRES_URL_RULE, (value) => typeof value === 'string' && isPostgresUrl(value));

/** One or several of them, all different. A comma within one is written `%2C`. */
export const ArePostgresUrls = (): PropertyDecorator =>
  rule(
    'arePostgresUrls',
    `${POSTGRES_URL_RULE}; several, all different, with a comma between them`,
    (value) =>
      Array.isArray(value) &&
      value.every((entry) => typeof entry === 'string' && isPostgresUrl(entry)) &&
      new Set(value).size === value.length,
  );

export const IsRedisUrl = (): PropertyDecorator =>
  rule('isRedisUrl', REDIS_URL_RULE, (value) => typeof value === 'string' && isRedisUrl(value));

/** An http(s) origin with an optional path, without trailing slash, query or fragment. */
export const IsPublicUrl = (): PropertyDecorator =>
  rule(
    'isPublicUrl',
    'must be an http(s) URL without trailing slash, credentials, query or fragment',
    (value) => typeof value === 'string' && isPlainUrl(value) && /^https?:\/\/[^?#@]*[^?#@/]$/.test(value),
  );

function isFilePath(url: URL): boolean {
  try {
    return /^\/[^\0]*$/.test(fileURLToPath(url));
  } catch {
    // It has a host, or an encoded slash.
    return false;
  }
}

/** A file by its absolute path, or an https address; http on this very machine alone. */
export const IsCheckpointSink = (): PropertyDecorator =>
  rule(
    'isCheckpointSink',
    'must be file:/<absolute path> or an https URL (http only on loopback) of at most 2,000 characters, without credentials, query or fragment',
    (value) => {
      const url = asUrl(value);
      // It is the key of a row: PostgreSQL indexes no text much longer.
      if (url === undefined || /[?#@]/.test(String(value)) || String(value).length > 2000) return false;
      if (url.protocol === 'file:') return /^file:(\/\/)?\/[^/]/.test(String(value)) && isFilePath(url);
      const loopback = /^(localhost|127(\.[0-9]+){3}|\[::1\])$/.test(url.hostname);
      return url.protocol === 'https:' || (url.protocol === 'http:' && loopback);
    },
  );

/** `v2:<secret>,v1:<secret>`: versions differ, each secret has at least 32 characters; the first is current. */
export const IsVersionedSecretList = (): PropertyDecorator =>
  rule(
    'isVersionedSecretList',
    'must be a list like v2:<secret>,v1:<secret>, current first, versions all different, each secret of 32 or more characters (openssl rand -base64 32 prints one)',
    (value) => {
      if (!Array.isArray(value) || value.length === 0) return false;
      const versions = value.map((entry) => /^(v[1-9][0-9]{0,4}):\S{32,}$/.exec(String(entry))?.[1]);
      return !versions.includes(undefined) && new Set(versions).size === versions.length;
    },
  );

/** `none`, or whole numbers of days from 1 to 365, ten at most, all different. */
export const AreNoticeDays = (): PropertyDecorator =>
  rule(
    'areNoticeDays',
    'must be none, or a comma-separated list of 1 to 10 whole numbers from 1 to 365, all different',
    (value) => {
      if (!Array.isArray(value) || value.length === 0 || value.length > 10) return false;
      if (value.length === 1 && value[0] === 'none') return true;
      const days = value.map((entry) => (/^[1-9][0-9]{0,2}$/.test(String(entry)) ? Number(entry) : Infinity));
      return days.every((entry) => entry <= 365) && new Set(days).size === days.length;
    },
  );

/** Browser origins: scheme, host and port alone. */
export const AreOrigins = (): PropertyDecorator =>
  rule('areOrigins', 'must be a comma-separated list of origins like https://admin.example.com', (value) => {
    return Array.isArray(value) && value.every((entry) => asUrl(entry)?.origin === entry);
  });

/** The widest private networks: 10.0.0.0/8 and fc00::/7. */
const WIDEST = { ipv4: 8, ipv6: 7 };
/** All of IPv4, as IPv6 writes it: 96 bits in front of an IPv4 address. */
const MAPPED_IPV4 = '::ffff:0:0';
const MAPPED_BITS = 96;

function subnet(address: string, bits: number): BlockList {
  const list = new BlockList();
  list.addSubnet(address, bits, 'ipv6');
  return list;
}

/** A single address, or a network no larger than somebody's own proxies. */
function isNarrowCidr(entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  if (!/^[0-9]{1,3}$/.test(bits)) return false;
  const length = Number(bits);
  if (version === 4) return length >= WIDEST.ipv4 && length <= 32;
  if (length < WIDEST.ipv6 || length > 128) return false;
  const holdsIPv4 = subnet(address, length).check(MAPPED_IPV4, 'ipv6');
  return !(holdsIPv4 || isMapped(address)) || length >= MAPPED_BITS + WIDEST.ipv4;
}

function isMapped(entry: string): boolean {
  const [address = ''] = entry.split('/');
  return isIP(address) === 6 && subnet(MAPPED_IPV4, MAPPED_BITS).check(address, 'ipv6');
}

/** Addresses and networks that are not larger than one's own can be. IPv4 is written as IPv4. */
export const AreNetworks = (): PropertyDecorator =>
  rule(
    'areNetworks',
    'must be a comma-separated list of addresses or CIDRs (/8 or longer, IPv6 /7 or longer, none within ::ffff:0:0/96)',
    (value) =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.every(
        (entry) => isNarrowCidr(String(entry)) && !isMapped(String(entry)) && !String(entry).includes('%'),
      ),
  );

/** Number of proxies in front (1–10), or the addresses they have; never everybody. */
export const IsTrustProxy = (): PropertyDecorator =>
  rule(
    'isTrustProxy',
    'must be the number of proxies in front (1 to 10) or a comma-separated list of their addresses or CIDRs (/8 or longer, IPv6 /7 or longer); trusting everybody is refused',
    (value) => {
      if (!Array.isArray(value) || value.length === 0) return false;
      const entries = value.map(String);
      const [only] = entries;
      if (entries.length === 1 && only !== undefined && /^[0-9]+$/.test(only))
        return Number(only) >= 1 && Number(only) <= 10;
      return entries.every(isNarrowCidr);
    },
  );

/** http(s) address of a service: no credentials, query or fragment, and no path but where `path` says so. */
export function isServiceUrl(value: unknown, path: RegExp): boolean {
  const url = asUrl(value);
  if (url === undefined || !/^https?:$/.test(url.protocol)) return false;
  return url.username + url.password + url.search + url.hash === '' && path.test(url.pathname);
}

/** `https://vault.example.org:8200`, with or without a slash behind it. */
export const IsServiceUrl = (): PropertyDecorator =>
  rule('isServiceUrl', 'must be an http(s) URL with only scheme, host and port', (value) =>
    isServiceUrl(value, /^\/$/),
  );

/** `https://<vault>.vault.azure.net/keys/<name>/<version>`: with another version nothing could be unwrapped. */
export const IsKeyVaultKey = (): PropertyDecorator =>
  rule(
    'isKeyVaultKey',
    'must be an http(s) URL of the form https://<vault>.vault.azure.net/keys/<name>/<version>',
    (value) => isServiceUrl(value, /^\/keys\/[A-Za-z0-9-]+\/[0-9a-f]{32}$/),
  );

const KID = '[A-Za-z0-9][A-Za-z0-9._-]{0,49}';

/** A list whose entries have that form, under kids that differ. */
function areKeys(value: unknown, form: RegExp): boolean {
  if (!Array.isArray(value) || value.length === 0 || !value.every((entry) => form.test(String(entry))))
    return false;
  const kids = value.map((entry) => String(entry).split('=', 1)[0]);
  return new Set(kids).size === kids.length;
}

/** `<kid>=<key id or ARN>`. */
export const AreSignerKeys = (): PropertyDecorator =>
  rule(
    'areSignerKeys',
    'must be a list like 2026-11-a=<key id or ARN>, no alias, kids all different',
    (value) =>
      areKeys(
        value,
        new RegExp(`^${KID}=(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/)?(mrk-)?[0-9a-f-]{32,40}$`),
      ),
  );

/** `<name>` or `<kid>=<name>:<version>`. A name leaves room for `-v<version>` behind it. */
export const AreTransitKeys = (): PropertyDecorator =>
  rule(
    'areTransitKeys',
    'must be a list of key names (at most 40 of A-Z a-z 0-9 . _ -) or of <kid>=<name>:<version>, all different',
    (value) =>
      areKeys(
        value,
        new RegExp(`^([A-Za-z0-9][A-Za-z0-9._-]{0,39}|${KID}=[A-Za-z0-9._-]{1,128}:[1-9][0-9]{0,5})$`),
      ),
  );
