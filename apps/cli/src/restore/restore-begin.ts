import { commandLineActor } from '@aegis/audit';
import { noteRestore } from '@aegis/checkpoints';
import { DataSource } from 'typeorm';
import { withServices } from '../services';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';

/** `aegis restore begin`: also yes if the restore is already noted */
export function beginRestore(output: Output): Promise<ExitCode> {
  return withServices([], [], 'changes', async (services) => {
    const dataSource = services.get(DataSource);
    await noteRestore(dataSource, commandLineActor().name, 'aegis restore begin');
    const [restore] = await dataSource.query<{ begun_at: Date; begun_by: string; reason: string }[]>(
      'SELECT begun_at, begun_by, reason FROM restores WHERE reconciled_at IS NULL',
    );
    if (restore === undefined) throw new Error('The restore was reconciled at this moment.');
    output.end(
      restore,
      `Restored, not reconciled, since ${restore.begun_at.toISOString()}: nothing is validated, issued or changed until \`aegis restore reconcile\`.`,
    );
    return ExitCode.yes;
  });
}
