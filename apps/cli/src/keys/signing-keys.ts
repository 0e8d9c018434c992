import { commandLineActor } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import {
  assertKid,
  type Changed,
  jwkThumbprint,
  KEY_SET_SECONDS,
  keysOnRecord,
  publishedJwk,
  readPublicKey,
  readPublicKeys,
  type SigningKey,
  SigningKeys,
  SigningKeysModule,
  type SigningReplica,
  SigningReplicas,
  signerSource,
  stateSince,
} from '@aegis/signing';
import type { INestApplicationContext } from '@nestjs/common';
import type { KeyObject } from 'node:crypto';
import type { CommandAccess } from '../database/command-access';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { printable } from '../terminal/printable';
import { withServices } from '../services';
import { UsageProblem } from '../terminal/usage-problem';

/** `aegis keys list`, oldest first */
export function listKeys(output: Output): Promise<ExitCode> {
  return withKeys('reads', async (services) => {
    const [keys, replicas] = await Promise.all([
      services.get(SigningKeys).list(),
      services.get(SigningReplicas).live(),
    ]);
    for (const key of keys) output.entry('keys', publicFields(key, replicas), row(key, replicas));
    const names = replicas.map(({ name }) => name);
    output.end(
      { ...(keys.length === 0 && { keys: [] }), replicas: names },
      `${keys.length} signing key(s), ${names.length} server(s) alive`,
    );
    return ExitCode.yes;
  });
}

/** `aegis keys inspect` */
export function inspectKey(output: Output, kid: string): Promise<ExitCode> {
  return withKeys('reads', async (services) => {
    const known = await services.get(SigningKeys).list();
    const key = known.find((one) => one.kid === kid);
    if (!key) {
      output.end(
        { error: { code: 'unknown_key', message: 'not on record' } },
        `No signing key ${kid} is on record; ${keysOnRecord(known)}.`,
      );
      return ExitCode.no;
    }
    const fields = publicFields(key, await services.get(SigningReplicas).live());
    const lines = Object.entries(fields).map(([name, value]) => `${`${name}:`.padEnd(20)}${shown(value)}`);
    output.end(fields, lines.join('\n'));
    return ExitCode.yes;
  });
}

/** `aegis keys publish` */
export function publishKey(output: Output, kid: string, file: string | undefined): Promise<ExitCode> {
  assertKid(kid);
  return withKeys('makes', async (services) => {
    const publicKey = await publicKeyOf(services, kid, file);
    const changed = await services.get(SigningKeys).publish(commandLineActor(), kid, publicKey);
    return reportKeyChange(output, changed, {
      done: `Signing key ${kid} is pending: it is in the key set, and does not sign. Give every server its private key, wait ${KEY_SET_SECONDS} s for clients that keep the key set, then \`aegis keys activate ${kid}\`.`,
      already: `Signing key ${kid} is on record already: ${changed.key.state}.`,
    });
  });
}

/** `aegis keys adopt` */
export function adoptKey(output: Output, kid: string, file: string | undefined): Promise<ExitCode> {
  assertKid(kid);
  return withKeys('changes', async (services) => {
    const publicKey = await foreignPublicKey(services.get(Environment).KEYS_DIR, kid, file);
    const changed = await services.get(SigningKeys).adopt(commandLineActor(), kid, publicKey);
    return reportKeyChange(output, changed, {
      done: `Public key ${kid} is adopted as retired: its licenses verify, once they are imported. Thumbprint, to compare: ${jwkThumbprint(changed.key.public_key)}`,
      already: `Signing key ${kid} is on record already: ${changed.key.state}.`,
    });
  });
}

/** `aegis keys activate` */
export function activateKey(output: Output, kid: string, force: boolean): Promise<ExitCode> {
  return withKeys('changes', async (services) => {
    const changed = await services.get(SigningKeys).activate(commandLineActor(), kid, { force });
    return reportKeyChange(output, changed, {
      done: `Signing key ${kid} is active: from now on it signs.${untilClientsKnow(changed.key)}`,
      already: `Signing key ${kid} is active already.`,
    });
  });
}

/** `aegis keys retire` */
export function retireKey(output: Output, kid: string): Promise<ExitCode> {
  return withKeys('changes', async (services) => {
    const changed = await services.get(SigningKeys).retire(commandLineActor(), kid);
    return reportKeyChange(output, changed, {
      done: `Signing key ${kid} is retired: its signatures still verify, but it no longer signs.`,
      already: `Signing key ${kid} is retired already.`,
    });
  });
}

/** Runs a command with the signing keys of the database. */
export function withKeys(
  access: CommandAccess,
  work: (services: INestApplicationContext) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withServices([], [SigningKeysModule], access, work);
}

/** From the file that is named, else from KEYS_DIR. */
async function foreignPublicKey(keysDir: string, kid: string, file: string | undefined): Promise<KeyObject> {
  if (file !== undefined) return readPublicKey(file);
  const published = await readPublicKeys(keysDir);
  const publicKey = published.get(kid);
  if (publicKey) return publicKey;
  const there = published.size === 0 ? 'none' : [...published.keys()].join(', ');
  throw new UsageProblem(
    `KEYS_DIR has no ${kid}.public.pem (there: ${there}). Name the file with --file <pem>.`,
  );
}

/** From the file that is named, else from KEYS_DIR, else from where the private key is. */
async function publicKeyOf(
  services: INestApplicationContext,
  kid: string,
  file: string | undefined,
): Promise<KeyObject> {
  if (file !== undefined) return readPublicKey(file);
  const environment = services.get(Environment);
  const published = (await readPublicKeys(environment.KEYS_DIR)).get(kid);
  if (published) return published;
  const source = signerSource(environment, services.get(Logger), new Metrics());
  try {
    return (await source.open(kid)).publicKey;
  } finally {
    await source.close?.();
  }
}

/** A client that keeps the key set from before the key was published refuses what the key signs, as unknown. */
export function untilClientsKnow({ created_at: published, activated_at: activated }: SigningKey): string {
  if (activated === null) return '';
  const left = Math.ceil(KEY_SET_SECONDS - (activated.getTime() - published.getTime()) / 1000);
  if (left <= 0) return '';
  return ` It was published less than ${KEY_SET_SECONDS} s ago: clients that verify offline may not know it for another ${left} s, and until then refuse what it signs.`;
}

/** @param more members of the JSON document */
export function reportKeyChange(
  output: Output,
  { key, changed, skipped }: Changed,
  texts: { done: string; already: string },
  more: Record<string, unknown> = {},
): ExitCode {
  const passedOver =
    skipped.length === 0
      ? ''
      : `\nSkipped: ${skipped.map(printable).join(', ')} can't sign with it, and refuse to issue until they have it.`;
  output.end(
    { ...publicFields(key, []), changed, skipped_replicas: skipped, ...more },
    (changed ? texts.done : texts.already) + passedOver,
  );
  return ExitCode.yes;
}

function publicFields(key: SigningKey, replicas: readonly SigningReplica[]): Record<string, unknown> {
  const { kid, public_key, ...fields } = key;
  return {
    kid,
    ...fields,
    thumbprint: jwkThumbprint(public_key),
    jwk: publishedJwk(kid, public_key),
    held_by: holders(key, replicas),
  };
}

function holders({ kid }: SigningKey, replicas: readonly SigningReplica[]): string[] {
  return replicas.filter(({ kids }) => kids.includes(kid)).map(({ name }) => name);
}

function row(key: SigningKey, replicas: readonly SigningReplica[]): string {
  const time = stateSince(key).toISOString();
  const held = `held by ${holders(key, replicas).length} of ${replicas.length}`;
  return [
    key.kid.padEnd(20),
    `${key.state.padEnd(11)} since ${time}`,
    jwkThumbprint(key.public_key),
    held,
  ].join('  ');
}

function shown(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value === null) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
