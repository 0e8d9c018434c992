import type { Command } from 'commander';
import type { Output } from '../terminal/output';
import { addCommand, type Ends } from './command';

export function addDoctor(program: Command, output: Output, ends: Ends): void {
  addCommand(
    program,
    'doctor',
    'look for problems in settings, database, keys, rows and audit trail; changes nothing',
  )
    .addHelpText(
      'after',
      `
Looks at settings, pending migrations, the database and its clock, the rights of the server's role, read replicas,
the signing keys and the servers that hold them, API keys, contradicting rows, status lists, and the audit trail with its checkpoints.
It reads the whole trail: minutes for millions of records.

Exit codes: 0 no problem, perhaps warnings; 1 problems; 2 settings or migrations; 3 something could not be looked at.`,
    )
    .action(() => ends(import('../doctor/doctor.js').then(({ examine }) => examine(output))));
}
