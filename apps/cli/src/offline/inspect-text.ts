import {
  ACTIVATION_TYPE,
  cleanPaste,
  KEY_SET_TYPE,
  parseActivation,
  parseKeySet,
  parseOfflineFile,
  parseOfflineRequest,
  parseStatusList,
  parseToken,
  STATUS_LIST_TYPE,
} from '@aegis/license-token';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { printable } from '../terminal/printable';
import { readShown } from './shown-text';

type TextKind =
  'license' | 'activation' | 'status_list' | 'key_set' | 'offline_file' | 'offline_request' | 'unknown';

/** What a text says of itself. */
interface SelfDescription {
  kind: TextKind;
  /** Why it is not well-formed; null where it is. */
  problem: string | null;
  header?: unknown;
  content?: unknown;
}

const WARNING = 'NOTHING WAS VERIFIED: anyone can write this. `aegis verify` says whether it is valid.';
const RED = ['\x1b[1;31m', '\x1b[0m'] as const;
/** Of a text in the answer for people: a status list has many. */
const MOST_SHOWN = 200;
/** Objects and arrays within each other; no text of ours has more than 16. */
const MOST_LEVELS = 64;

/**
 * `aegis inspect`: shows what a license or another signed text says, without any key.
 * @throws UsageProblem when a file can't be read
 */
export async function inspectText(output: Output, argument: string): Promise<ExitCode> {
  const { token, removed } = cleanPaste(await readShown(argument));
  const described = describe(token);
  const { kind, problem, header, content } = described;
  const isColored = process.stderr.isTTY && process.stderr.hasColors();
  process.stderr.write(isColored ? `${RED[0]}${WARNING}${RED[1]}\n` : `${WARNING}\n`);
  const shown = header === undefined ? content : { header, claims: content };
  output.end(
    { verified: false, ...described, removed },
    [
      ...(removed.length > 0 ? [`removed: ${removed.join(', ').replaceAll('_', ' ')}`] : []),
      kind === 'unknown' ? 'not a text of AEGIS' : kind.replace('_', ' '),
      ...(problem === null ? [] : [`not well-formed: ${printable(problem)}`]),
      ...(shown === undefined ? [] : [JSON.stringify(shown, shortened, 2)]),
    ].join('\n'),
  );
  return problem === null ? ExitCode.yes : ExitCode.no;
}

function describe(text: string): SelfDescription {
  if (text.startsWith('{')) {
    const file = parseOfflineFile(text);
    return 'malformed' in file
      ? { kind: 'unknown', problem: file.malformed }
      : { kind: 'offline_file', problem: null, content: file };
  }
  const { header, payload } = decoded(text);
  if (header === undefined) {
    const request = parseOfflineRequest(text);
    return 'refused' in request
      ? { kind: 'unknown', problem: 'neither a signed text, nor an offline file, nor an offline request' }
      : { kind: 'offline_request', problem: null, content: request };
  }
  const { typ } = header as { typ?: unknown };
  const { kind, parse } = PARSERS.get(typ) ?? LICENSE;
  const parsed = parse(text);
  const problem = 'malformed' in parsed ? String(parsed.malformed) : null;
  return { kind, problem, header, content: payload };
}

interface Parser {
  kind: TextKind;
  parse: (text: string) => object;
}

const LICENSE: Parser = { kind: 'license', parse: parseToken };
const PARSERS: ReadonlyMap<unknown, Parser> = new Map<unknown, Parser>([
  [ACTIVATION_TYPE, { kind: 'activation', parse: parseActivation }],
  [STATUS_LIST_TYPE, { kind: 'status_list', parse: parseStatusList }],
  [KEY_SET_TYPE, { kind: 'key_set', parse: parseKeySet }],
]);

/** Header and payload as they can be read, also of what is not well-formed. */
function decoded(text: string): { header?: unknown; payload?: unknown } {
  const [first = '', second = ''] = text.split('.');
  return { header: jsonObject(first), payload: jsonObject(second) };
}

function jsonObject(segment: string): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
    return isObject(value) && !isTooDeep(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** What nests without end can be read, and not be written. */
function isTooDeep(value: object): boolean {
  let level = [value];
  for (let depth = 0; depth < MOST_LEVELS && level.length > 0; depth += 1)
    level = level.flatMap((one) => Object.values(one).filter(isObject));
  return level.length > 0;
}

function shortened(_name: string, value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= MOST_SHOWN) return value;
  return `${value.slice(0, MOST_SHOWN)}… (${value.length} characters)`;
}
