import type { Activation } from '@aegis/activations';
import { LicenseActivations, LicensingModule } from '@aegis/licensing';
import { allRows } from '@aegis/lists';
import { withServices } from '../services';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { printable } from '../terminal/printable';
import { idOf } from './typed-ids';

const PREFIX_DIGITS = 8;

/** `aegis activations list` */
export function listActivations(output: Output, typedId: string, ended: boolean): Promise<ExitCode> {
  const licenseId = idOf('license-id', typedId);
  return withServices(['KEY_PASSPHRASE'], [LicensingModule], 'changes', async (services) => {
    const source = await services.get(LicenseActivations).list(licenseId, ended ? 'ended' : 'live');
    let total = 0;
    for await (const row of allRows(source)) {
      const shown = asShown(row, ended);
      output.entry('activations', shown, asLine(shown));
      total += 1;
    }
    const summary = ended ? `${total} activation(s) that have ended` : `${total} seat(s) in use`;
    output.end(total === 0 ? { activations: [] } : { total }, summary);
    return ExitCode.yes;
  });
}

interface ShownActivationRow extends Pick<
  Activation,
  | 'id'
  | 'name'
  | 'mode'
  | 'over'
  | 'last_seen_at'
  | 'lease_ends_at'
  | 'offline_until'
  | 'ended_at'
  | 'ended_by'
> {
  fingerprint_prefix: string;
  fence: number;
  created_at: Date;
}

/** One whose lease is over has ended, also before that is on record. */
function asShown(row: Activation, ended: boolean): ShownActivationRow {
  const { id, name, mode, over, last_seen_at, lease_ends_at, offline_until } = row;
  return {
    ...{ id, name, fingerprint_prefix: row.fp.toString('hex').slice(0, PREFIX_DIGITS), mode, over },
    ...{ fence: row.fence, created_at: row.admitted_at, last_seen_at, lease_ends_at, offline_until },
    ended_at: ended ? (row.ended_at ?? lease_ends_at) : null,
    ended_by: ended ? (row.ended_by ?? 'lease') : null,
  };
}

function asLine(shown: ShownActivationRow): string {
  const { id, fingerprint_prefix, mode, over, last_seen_at, lease_ends_at, ended_at, ended_by, name } = shown;
  const until = lease_ends_at === null ? 'until it is ended' : `until ${lease_ends_at.toISOString()}`;
  return [
    ...[id, fingerprint_prefix, mode.padEnd(8), over ? 'over' : '    ', `seen ${last_seen_at.toISOString()}`],
    ended_at === null ? until : `${ended_by} ${ended_at.toISOString()}`,
    printable(name ?? ''),
  ]
    .join('  ')
    .trimEnd();
}
