import { type ApiKey, ApiKeyList, ApiKeysModule, ApiKeysService, type CreateApiKey } from '@aegis/api-keys';
import { commandLineActor } from '@aegis/audit';
import { allRows, parseTimestamp, type Scope, SCOPES } from '@aegis/web';
import { ExitCode } from './exit-code';
import type { Output } from './output';
import { withServices } from './services';
import { UsageProblem } from './usage-problem';

/** As typed. */
export interface CreateOptions {
  name: string;
  /** Comma-separated. */
  scopes: string;
  description?: string;
  expiresAt?: string;
  rateLimit?: number;
}

/** Whoever reaches the database may grant whatever there is: the command line is the way back in. */
const HELD: readonly Scope[] = ['admin'];

/** `aegis api-keys create` */
export async function createApiKey(output: Output, options: CreateOptions): Promise<ExitCode> {
  const input = readOptions(options);
  return withServices(['API_KEY_PEPPERS'], [ApiKeysModule], async (services) => {
    const { apiKey, key } = await services.get(ApiKeysService).create(commandLineActor(), HELD, input);
    output.end(
      { ...publicFields(apiKey), key },
      `API key ${apiKey.id} (${printable(apiKey.name)}) made. Its secret, shown this once:\n${key}`,
    );
    return ExitCode.yes;
  });
}

/** `aegis api-keys list`, newest first */
export function listApiKeys(output: Output): Promise<ExitCode> {
  return withServices(['API_KEY_PEPPERS'], [ApiKeysModule], async (services) => {
    let total = 0;
    for await (const apiKey of allRows(services.get(ApiKeyList).source())) {
      output.entry('api_keys', publicFields(apiKey), row(apiKey));
      total += 1;
    }
    output.end({ ...(total === 0 && { api_keys: [] }), total }, `${total} API key(s)`);
    return ExitCode.yes;
  });
}

/** `aegis api-keys delete` */
export function deleteApiKey(output: Output, id: string, force: boolean): Promise<ExitCode> {
  return withServices(['API_KEY_PEPPERS'], [ApiKeysModule], async (services) => {
    await services.get(ApiKeysService).remove(commandLineActor(), HELD, id, { evenLastAdmin: force });
    output.end({ id, deleted: true }, `API key ${id} deleted.`);
    return ExitCode.yes;
  });
}

function readOptions(options: CreateOptions): CreateApiKey {
  const { name, description, expiresAt, rateLimit } = options;
  const scopes = options.scopes.split(',').map((scope) => scope.trim());
  const unknown = scopes.filter((scope) => !SCOPES.some((known) => known === scope));
  if (unknown.length > 0)
    throw new UsageProblem(`--scopes: no such scope: ${unknown.join(', ')}. There are ${SCOPES.join(', ')}.`);
  if (new Set(scopes).size < scopes.length) throw new UsageProblem('--scopes: name each scope once.');
  assertLength('--name', name, 1, 100);
  if (description !== undefined) assertLength('--description', description, 0, 500);
  if (rateLimit !== undefined && (rateLimit < 1 || rateLimit > 1_000_000))
    throw new UsageProblem('--rate-limit must be 1 to 1000000.');
  const expires_at = expiresAt === undefined ? null : parseTimestamp(expiresAt);
  if (expiresAt !== undefined && expires_at === null)
    throw new UsageProblem('--expires-at must be an RFC 3339 time with offset, like 2027-01-01T00:00:00Z.');
  return {
    name,
    description: description ?? null,
    scopes: scopes as Scope[],
    expires_at,
    rate_limit_per_minute: rateLimit ?? null,
  };
}

function assertLength(option: string, text: string, min: number, max: number): void {
  const { length } = Array.from(text);
  if (length < min || length > max)
    throw new UsageProblem(`${option} must have ${min} to ${max} characters.`);
}

/** A key as the API shows it. */
function publicFields({ updated_at: _, deleted_at: __, version: ___, ...shown }: ApiKey): object {
  return shown;
}

function row({ id, name, scopes, is_active, expires_at }: ApiKey): string {
  const state = is_active ? (expires_at ? `until ${expires_at.toISOString()}` : 'active') : 'inactive';
  return [id, state.padEnd(30), scopes.join(','), printable(name)].join('  ');
}

/** Without what a terminal would obey. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
}
