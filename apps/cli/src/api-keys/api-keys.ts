import {
  type ApiKey,
  ApiKeyList,
  ApiKeyRotation,
  ApiKeysModule,
  ApiKeysService,
  COMMAND_LINE,
  type CreateApiKey,
  MAX_GRACE_SECONDS,
  type UpdateApiKey,
} from '@aegis/api-keys';
import { commandLineActor } from '@aegis/audit';
import { API_KEY_ID_RULE, API_KEY_TEXTS, normalText, textProblem, type TextRule } from '@aegis/field-rules';
import { type Scope, SCOPES } from '@aegis/access';
import { allRows } from '@aegis/lists';
import { assertCanConfirm, confirm, type ConfirmOptions } from '../terminal/confirmation';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { printable } from '../terminal/printable';
import { withServices } from '../services';
import { timeOption } from '../terminal/time-option';
import { UsageProblem } from '../terminal/usage-problem';

/** As typed. */
export interface CreateOptions {
  name: string;
  /** Comma-separated. */
  scopes: string;
  description?: string;
  expiresAt?: string;
  rateLimit?: number;
}

/** As typed; at least one of them except `force` is required. */
export interface UpdateOptions {
  name?: string;
  /** Empty: none. */
  description?: string;
  /** Comma-separated. */
  scopes?: string;
  /** `never`: it does not end. */
  expiresAt?: string;
  /** `default`: the server's limit. */
  rateLimit?: number | 'default';
  activate?: boolean;
  deactivate?: boolean;
  /** Ends the grace of the secret before the last rotation. */
  endGrace?: boolean;
  /** Even if no admin key is left that is active and does not expire. */
  force?: boolean;
}

/** `aegis api-keys create` */
export async function createApiKey(output: Output, options: CreateOptions): Promise<ExitCode> {
  const input = readCreation(options);
  return withServices(['API_KEY_PEPPERS'], [ApiKeysModule], 'makes', async (services) => {
    const { apiKey, key } = await services
      .get(ApiKeysService)
      .create(commandLineActor(), COMMAND_LINE, input);
    output.end(
      { ...publicFields(apiKey), key },
      `API key ${apiKey.id} (${printable(apiKey.name)}) created. Its secret, shown only once:\n${key}`,
    );
    return ExitCode.yes;
  });
}

/** `aegis api-keys update` */
export async function updateApiKey(output: Output, id: string, options: UpdateOptions): Promise<ExitCode> {
  const changes = readChanges(options);
  assertKeyId(id);
  return withServices(['API_KEY_PEPPERS'], [ApiKeysModule], 'changes', async (services) => {
    const { apiKey, changed } = await services
      .get(ApiKeysService)
      .update(commandLineActor(), COMMAND_LINE, id, changes, { evenLastAdmin: options.force ?? false });
    const done = changed.length > 0 ? 'API key changed' : 'Nothing changed: the key has these values already';
    const noGrace = options.endGrace && !changed.includes('previous_valid_until');
    output.end(
      publicFields(apiKey),
      `${noGrace ? 'No previous secret was valid.\n' : ''}${done}:\n${row(apiKey)}`,
    );
    return ExitCode.yes;
  });
}

/** `aegis api-keys rotate` */
export async function rotateApiKey(output: Output, id: string, graceSeconds: number): Promise<ExitCode> {
  if (graceSeconds > MAX_GRACE_SECONDS)
    throw new UsageProblem(`--grace-seconds must be 0 to ${MAX_GRACE_SECONDS} (7 days).`);
  assertKeyId(id);
  return withServices(['API_KEY_PEPPERS'], [ApiKeysModule], 'changes', async (services) => {
    const { apiKey, key } = await services
      .get(ApiKeyRotation)
      .rotate(commandLineActor(), COMMAND_LINE, id, graceSeconds);
    const before = graceSeconds > 0 ? `stays valid for ${graceSeconds} s` : 'is no longer valid';
    output.end(
      { ...publicFields(apiKey), key },
      `API key ${id} (${printable(apiKey.name)}) rotated; the previous secret ${before}. The new one, shown only once:\n${key}`,
    );
    return ExitCode.yes;
  });
}

/**
 * `aegis api-keys list`, newest first
 * @param madeBy id of a key: only those that it made, and those that they made
 */
export async function listApiKeys(output: Output, madeBy?: string): Promise<ExitCode> {
  if (madeBy !== undefined) assertKeyId(madeBy);
  return withServices(['API_KEY_PEPPERS'], [ApiKeysModule], 'reads', async (services) => {
    let total = 0;
    for await (const apiKey of allRows(services.get(ApiKeyList).source({ made_by: madeBy }))) {
      output.entry('api_keys', publicFields(apiKey), row(apiKey));
      total += 1;
    }
    output.end({ ...(total === 0 && { api_keys: [] }), total }, `${total} API key(s)`);
    return ExitCode.yes;
  });
}

/** `aegis api-keys delete` */
export async function deleteApiKey(
  output: Output,
  id: string,
  { force = false, yes }: { force?: boolean } & ConfirmOptions,
): Promise<ExitCode> {
  assertKeyId(id);
  assertCanConfirm({ yes });
  return withServices(['API_KEY_PEPPERS'], [ApiKeysModule], 'changes', async (services) => {
    const keys = services.get(ApiKeysService);
    if (yes !== true) await confirm(deletionText(await keys.find(id)), id, {});
    await keys.remove(commandLineActor(), COMMAND_LINE, id, { evenLastAdmin: force });
    output.end({ id, deleted: true }, `API key ${id} deleted.`);
    return ExitCode.yes;
  });
}

function deletionText({ id, name, scopes, last_used_at, usage_count }: ApiKey): string {
  const used =
    last_used_at === null
      ? 'it was never used'
      : `it was used ${usage_count} time(s), last at ${last_used_at.toISOString()}`;
  return `API key ${id} (${name}: ${scopes.join(',')}) will be refused from the next request on; ${used}.`;
}

function readCreation(options: CreateOptions): CreateApiKey {
  const { name, description, scopes, expiresAt, rateLimit } = options;
  return {
    name: readText('--name', name, API_KEY_TEXTS.name),
    description: description ? readText('--description', description, API_KEY_TEXTS.description) : null,
    scopes: readScopes(scopes),
    expires_at: expiresAt === undefined ? null : timeOption('--expires-at', expiresAt),
    rate_limit_per_minute: rateLimit === undefined ? null : readLimit(rateLimit),
  };
}

function readChanges(options: UpdateOptions): UpdateApiKey {
  const { name, description, scopes, expiresAt, rateLimit, activate = false, deactivate = false } = options;
  if (activate && deactivate) throw new UsageProblem('--activate and --deactivate exclude each other.');
  const changes: UpdateApiKey = {
    ...(name !== undefined && { name: readText('--name', name, API_KEY_TEXTS.name) }),
    ...(description !== undefined && {
      description:
        description === '' ? null : readText('--description', description, API_KEY_TEXTS.description),
    }),
    ...(scopes !== undefined && { scopes: readScopes(scopes) }),
    ...(expiresAt !== undefined && {
      expires_at: expiresAt === 'never' ? null : timeOption('--expires-at', expiresAt),
    }),
    ...(rateLimit !== undefined && {
      rate_limit_per_minute: rateLimit === 'default' ? null : readLimit(rateLimit),
    }),
    ...((activate || deactivate) && { is_active: activate }),
    ...(options.endGrace && { previous_valid_until: null }),
  };
  if (Object.keys(changes).length === 0) throw new UsageProblem('Give at least one change (see --help).');
  return changes;
}

function readScopes(text: string): Scope[] {
  const scopes = text.split(',').map((scope) => scope.trim());
  const unknown = scopes.filter((scope) => !SCOPES.some((known) => known === scope));
  if (unknown.length > 0)
    throw new UsageProblem(
      `--scopes: unknown scope: ${unknown.join(', ')}. Known scopes: ${SCOPES.join(', ')}.`,
    );
  if (new Set(scopes).size < scopes.length) throw new UsageProblem('--scopes: name each scope once.');
  return scopes as Scope[];
}

function readLimit(limit: number): number {
  if (limit < 1 || limit > 1_000_000) throw new UsageProblem('--rate-limit must be 1 to 1000000.');
  return limit;
}

function readText(option: string, given: string, rule: TextRule): string {
  const text = normalText(given);
  const problem = textProblem(text, rule);
  if (problem !== null) throw new UsageProblem(`${option} ${problem}.`);
  return text;
}

/** An id that no key can have is a mistake in the command, not a key that is gone. */
function assertKeyId(id: string): void {
  if (!API_KEY_ID_RULE.pattern.test(id)) throw new UsageProblem(`The key's id ${API_KEY_ID_RULE.rule}.`);
}

/** A key as the API shows it. */
function publicFields({ updated_at: _, deleted_at: __, version: ___, ...shown }: ApiKey): object {
  return shown;
}

function row(apiKey: ApiKey): string {
  const { id, name, scopes, is_active, expires_at, last_used_at, previous_valid_until } = apiKey;
  const state = is_active ? (expires_at ? `until ${expires_at.toISOString()}` : 'active') : 'inactive';
  const grace =
    previous_valid_until && `the previous secret is valid until ${previous_valid_until.toISOString()}`;
  const used = last_used_at === null ? 'never used' : `used ${last_used_at.toISOString()}`;
  return [
    id,
    state.padEnd(30),
    used.padEnd(29),
    scopes.join(','),
    printable(name),
    ...(grace ? [grace] : []),
  ].join('  ');
}
