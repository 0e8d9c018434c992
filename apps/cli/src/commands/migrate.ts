import type { Command } from 'commander';
import type { Output } from '../terminal/output';
import type { MigrationOptions } from '../database/migrate';
import { confirmedByYes, type ConfirmOptions } from '../terminal/confirmation';
import { addCommand, type Ends } from './command';
import { wholeNumber } from './whole-number';

export function addMigrate(program: Command, output: Output, ends: Ends): void {
  const migrate = program.command('migrate').description("the database's migrations");
  addCommand(migrate, 'up', "apply pending migrations and grant the server's role its privileges")
    .option('--wait <seconds>', 'wait up to this time for a database that cannot be reached yet', wholeNumber)
    .action((options: MigrationOptions) =>
      ends(import('../database/migrate.js').then(({ applyMigrations }) => applyMigrations(output, options))),
    );
  confirmedByYes(
    addCommand(migrate, 'down', 'undo the newest migration and its data; not in production'),
  ).action((options: ConfirmOptions) =>
    ends(import('../database/migrate.js').then(({ undoMigration }) => undoMigration(output, options))),
  );
  addCommand(migrate, 'status', 'list the migrations; exit code 1 when some are pending')
    .option(
      '--wait <seconds>',
      'wait up to this time for the database, and until nothing is pending',
      wholeNumber,
    )
    .action((options: MigrationOptions) =>
      ends(import('../database/migrate.js').then(({ showMigrations }) => showMigrations(output, options))),
    );
}
