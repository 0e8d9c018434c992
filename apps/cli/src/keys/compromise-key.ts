import { commandLineActor } from '@aegis/audit';
import { transaction } from '@aegis/database';
import { type CompromiseEffect, countCompromised } from '@aegis/licensing';
import { keysOnRecord, SigningKeys } from '@aegis/signing';
import type { INestApplicationContext } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { assertCanConfirm, confirm, type ConfirmOptions } from '../terminal/confirmation';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { timeOption } from '../terminal/time-option';
import { reportKeyChange, untilClientsKnow, withKeys } from './signing-keys';

/** As typed. */
export interface CompromiseOptions extends ConfirmOptions {
  after?: string;
  activate?: string;
  force?: boolean;
  dryRun?: boolean;
}

/** `aegis keys compromise` */
export function compromiseKey(output: Output, kid: string, options: CompromiseOptions): Promise<ExitCode> {
  const after = options.after === undefined ? null : timeOption('--after', options.after);
  if (options.dryRun === true)
    return withKeys('reads', (services) => showEffect(output, services, kid, after));
  assertCanConfirm(options);
  return withKeys('changes', async (services) => {
    const { activate: successor = null, force = false } = options;
    if (options.yes !== true) await confirmEffect(services, kid, after);
    const changed = await services
      .get(SigningKeys)
      .compromise(commandLineActor(), kid, { after, successor, force });
    const counts =
      after === null
        ? 'nothing that it signed is valid'
        : `nothing recorded after ${after.toISOString()} is valid`;
    const active = (await services.get(SigningKeys).list()).find((one) => one.kid === successor);
    const next = active === undefined ? '' : ` ${active.kid} signs from now on.${untilClientsKnow(active)}`;
    // Counted afterwards: with --yes, trust is withdrawn without waiting for it.
    const licenses = await effectOf(services, kid, after);
    const effect = ` ${effectText(licenses, 'do not validate')}`;
    return reportKeyChange(
      output,
      changed,
      {
        done: `Signing key ${kid} is permanently compromised: ${counts}.${effect}${next}`,
        already: `Signing key ${kid} is already compromised: ${counts}.${effect}${next}`,
      },
      { licenses },
    );
  });
}

/** Does not ask about a key that is not on record, because the change refuses it. */
async function confirmEffect(
  services: INestApplicationContext,
  kid: string,
  after: Date | null,
): Promise<void> {
  const known = await services.get(SigningKeys).list();
  if (!known.some((key) => key.kid === kid)) return;
  const licenses = await effectOf(services, kid, after);
  const time =
    after === null
      ? 'Without --after, no token of it stays valid.'
      : `What was recorded up to ${after.toISOString()} stays valid.`;
  await confirm(
    `Signing key ${kid} will be compromised permanently. ${time} ${effectText(licenses, 'will not validate')}`,
    kid,
    {},
  );
}

async function showEffect(
  output: Output,
  services: INestApplicationContext,
  kid: string,
  after: Date | null,
): Promise<ExitCode> {
  const known = await services.get(SigningKeys).list();
  if (!known.some((key) => key.kid === kid)) {
    output.end(
      { error: { code: 'unknown_key', message: 'not on record' } },
      `No signing key ${kid} is on record; ${keysOnRecord(known)}.`,
    );
    return ExitCode.no;
  }
  const licenses = await effectOf(services, kid, after);
  output.end(
    { kid, after, dry_run: true, licenses },
    `${effectText(licenses, 'would not validate')} Nothing was changed. What is withdrawn is never given back.`,
  );
  return ExitCode.yes;
}

function effectOf(
  services: INestApplicationContext,
  kid: string,
  after: Date | null,
): Promise<CompromiseEffect> {
  return transaction(services.get(DataSource), (tx) => countCompromised(tx, kid, after));
}

function effectText({ stop, stay }: CompromiseEffect, verb: string): string {
  return `${stop} active license(s) ${verb} until they have a token of another key (\`aegis licenses resign\`); ${stay} stay valid online.`;
}
