import { userInfo } from 'node:os';
import { isSocketHost } from './loopback';
import { isPlainUrl } from './plain-url';

/** The driver would take host, user, password and time-outs from the query too, past every other rule. */
const PARAMETERS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'application_name'];

/** What a database's URL must be. */
export const POSTGRES_URL_RULE =
  'must be a URL of the form postgres://user:password@host:port/database without white space, or for a Unix socket ' +
  'postgres://user:password@/database?host=/folder/of/the/socket (no TLS there), with no parameters other than ' +
  `${PARAMETERS.join(', ')}, each once`;

/** Scheme, user and password, host and port, path, query. */
const PARTS = /^(postgres(?:ql)?):\/\/(?:([^/?#@]*)@)?([^/?#@]*)\/([^/?#]*)(?:\?([^#]*))?$/;

/**
 * Writes the URL of a Unix socket (`postgres:///database?host=/folder`, with user, password and port in front or in the
 * query, as libpq takes them) in the one form that all parsers here read alike: `postgres://user:password@%2Ffolder/database`.
 * Without a user it is the operating system's, as with libpq.
 * @returns every other text as it is, a wrong one too: `isPostgresUrl` judges it
 */
export function canonicalPostgresUrl(text: string): string {
  const [, scheme, userinfo = '', authority = '', database = '', query = ''] = PARTS.exec(text) ?? [];
  const parameters = new URLSearchParams(query);
  const folder = parameters.get('host') ?? '';
  const isSocket = authority === '' ? folder.startsWith('/') : isSocketHost(authority);
  if (scheme === undefined || !isSocket) return text;
  const taken = takeOut(parameters, ['host', 'port', 'user', 'password']);
  const [user = '', password = ''] = credentialsOf(userinfo, taken);
  const host = authority === '' ? encodeURIComponent(folder) : authority;
  const port = taken.port === undefined ? '' : `:${taken.port}`;
  const rest = parameters.size === 0 ? '' : `?${parameters.toString()}`;
  // If something is given twice, it is not guessed: the text stays as it is, and is refused.
  const isTwice =
    taken.again ||
    (authority !== '' && (folder !== '' || port !== '')) ||
    (userinfo !== '' && taken.user !== undefined) ||
    (userinfo.includes(':') && taken.password !== undefined);
  if (isTwice || user === '') return text;
  const secret = password === '' ? '' : `:${password}`;
  return `${scheme}://${user}${secret}@${host}${port}/${database}${rest}`;
}

/** Whether a text, in its canonical form, is the URL of a database that may be used. */
export function isPostgresUrl(text: string): boolean {
  if (!isPlainUrl(text) || !/^postgres(ql)?:\/\//.test(text)) return false;
  const url = new URL(text);
  const parameters = [...url.searchParams.keys()];
  const isSocket = isSocketHost(url.hostname);
  return (
    url.username !== '' &&
    decodes(url.username + url.password) &&
    url.hostname !== '' &&
    decodes(url.hostname) &&
    url.pathname.length > 1 &&
    url.hash === '' &&
    parameters.every((name) => PARAMETERS.includes(name) && !(isSocket && name.startsWith('ssl'))) &&
    new Set(parameters).size === parameters.length
  );
}

function decodes(text: string): boolean {
  try {
    return decodeURIComponent(text) !== '';
  } catch {
    return false;
  }
}

/** Takes parameters out of the query; `again` where one of them was given twice. */
function takeOut<Name extends string>(
  parameters: URLSearchParams,
  names: readonly Name[],
): Partial<Record<Name, string>> & { again: boolean } {
  const again = names.some((name) => parameters.getAll(name).length > 1);
  const values: Partial<Record<string, string>> = {};
  for (const name of names) {
    const value = parameters.get(name);
    if (value !== null) values[name] = value;
    parameters.delete(name);
  }
  return { ...(values as Partial<Record<Name, string>>), again };
}

/** User and password, percent-encoded. */
function credentialsOf(userinfo: string, given: { user?: string; password?: string }): string[] {
  const [user = '', ...rest] = userinfo.split(':');
  const password = given.password === undefined ? rest.join(':') : encodeURIComponent(given.password);
  return [user === '' ? encodeURIComponent(given.user ?? systemUser()) : user, password];
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in some containers: then the URL must name the role.
    return '';
  }
}
