import { assertNotOutdated } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import { whyUnwritable } from '@aegis/secret-files';
import {
  jwkThumbprint,
  type KeySetContent,
  keySetContent,
  makeRootKey,
  publishedJwk,
  readRootKey,
  signKeySet,
  type SigningKey,
  SigningKeys,
  SigningKeysModule,
  writeFileWhole,
} from '@aegis/signing';
import { DataSource } from 'typeorm';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { newPassphrase, presentPassphrase } from './passphrase';
import { withServices } from '../services';
import { withSettings } from '../settings';
import { readTextFile } from '../terminal/text-file';
import { withoutByteOrderMark } from '../terminal/text-lines';
import { UsageProblem } from '../terminal/usage-problem';

const MOST_DAYS = 400;

/** As typed. */
export interface SignOptions {
  rootKey: string;
  keys: string;
  out: string;
  validDays: number;
}

/**
 * `aegis keys export`: what the root key is to sign, for a medium that is carried to it. With `all`: every public key
 * that ever signed, compromised ones too, for those who verify the audit trail. Refused while the database is restored and not
 * reconciled: it may have keys as trusted that were compromised since.
 */
export function exportKeys(output: Output, out: string, all: boolean): Promise<ExitCode> {
  return withServices([], [SigningKeysModule], 'reads', async (services) => {
    await assertNotOutdated(services.get(DataSource));
    if (all) return exportAllKeys(output, out, await services.get(SigningKeys).list());
    const content = keySetContent(await services.get(SigningKeys).list());
    await write(out, `${JSON.stringify(content, null, 2)}\n`);
    output.end({ file: out, ...content }, `${out}: ${summary(content)}.`);
    return ExitCode.yes;
  });
}

async function exportAllKeys(output: Output, out: string, known: readonly SigningKey[]): Promise<ExitCode> {
  const keys = known.map(({ kid, public_key, state, compromised_at, compromised_after }) => ({
    ...publishedJwk(kid, public_key),
    state,
    compromised_at,
    compromised_after,
  }));
  await write(out, `${JSON.stringify({ keys }, null, 2)}\n`);
  output.end(
    { file: out, keys },
    [
      ...keys.map(({ kid, state, jkt }) => `${kid.padEnd(20)}  ${state.padEnd(11)}  ${jkt}`),
      `${out}: ${keys.length} public key(s) to verify the audit trail with. The root key signs what \`aegis keys export\` writes without --all.`,
    ].join('\n'),
  );
  return ExitCode.yes;
}

/** `aegis keys root init` */
export function initRoot(output: Output, folder: string): Promise<ExitCode> {
  return withSettings([], async (environment) => {
    const passphrase = await newPassphrase(environment, 'ROOT_KEY_PASSPHRASE');
    const { privateKeyFile, publicKeyFile, jwk } = await makeRootKey(
      folder,
      passphrase,
      environment.KEYS_DIR,
    );
    output.end(
      { private_key_file: privateKeyFile, public_key_file: publicKeyFile, jwk },
      `Root key created:
  ${privateKeyFile} (encrypted: it stays offline; keep a copy of it and of its passphrase, apart)
  ${publicKeyFile} (clients pin it)
thumbprint: ${jwk.kid}`,
    );
    return ExitCode.yes;
  });
}

/** `aegis keys root sign`: needs no database and no network. */
export function signKeys(
  output: Output,
  { rootKey, keys: exported, out, validDays }: SignOptions,
): Promise<ExitCode> {
  if (validDays < 1 || validDays > MOST_DAYS)
    throw new UsageProblem(`--valid-days must be 1 to ${MOST_DAYS}.`);
  return withSettings([], async (environment) => {
    const content = await readContent(exported);
    const root = await readRootKey(rootKey, await presentPassphrase(environment, 'ROOT_KEY_PASSPHRASE'));
    const now = new Date();
    await write(out, `${await signKeySet(root, content, now, validDays)}\n`);
    const until = new Date(now.getTime() + validDays * 86_400_000).toISOString();
    // The content came from a server: people compare it with what they know by another way.
    const keys = content.keys.map(({ kid, x }) => ({ kid, thumbprint: jwkThumbprint(x) }));
    const compromised = content.compromised.map(({ kid }) => kid);
    output.end(
      { file: out, root: root.kid, expires_at: until, keys, compromised },
      [
        ...keys.map(({ kid, thumbprint }) => `${kid.padEnd(20)}  trusted      ${thumbprint}`),
        ...compromised.map((kid) => `${kid.padEnd(20)}  compromised`),
        `${out}: ${summary(content)}; signed by ${root.kid}, until ${until}. Put it into KEYS_DIR of every server as jwks.jwt, readable for the server: install -m 644 ${out} "$KEYS_DIR"/jwks.jwt`,
      ].join('\n'),
    );
    return ExitCode.yes;
  });
}

function summary({ keys, compromised }: KeySetContent): string {
  return `${keys.length} key(s) that are trusted, ${compromised.length} compromised`;
}

async function readContent(path: string): Promise<KeySetContent> {
  const text = await readTextFile(path).catch((error: unknown) => {
    if (error instanceof UsageProblem) throw error;
    throw new ConfigurationError(`${path} can't be read (${codeOf(error)}).`, { cause: error });
  });
  let content: KeySetContent;
  try {
    content = JSON.parse(withoutByteOrderMark(text)) as KeySetContent;
  } catch {
    throw new ConfigurationError(`${path} is not JSON: give a file that \`aegis keys export\` wrote.`);
  }
  if (isOfAllKeys(content))
    throw new ConfigurationError(
      `${path} contains compromised keys: give a file that \`aegis keys export\` wrote without --all.`,
    );
  return content;
}

/** Whether it is what `aegis keys export --all` wrote: signed, its compromised keys would be trusted. */
function isOfAllKeys(content: unknown): boolean {
  const { keys } = (content ?? {}) as { keys?: unknown };
  return (
    Array.isArray(keys) &&
    keys.some((key: unknown) => typeof key === 'object' && key !== null && 'state' in key)
  );
}

async function write(path: string, content: string): Promise<void> {
  await writeFileWhole(path, content, 0o644).catch((error: unknown) => {
    throw new ConfigurationError(`${path} ${whyUnwritable(error)}.`, { cause: error });
  });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}
