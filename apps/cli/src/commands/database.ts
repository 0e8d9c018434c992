import type { Command } from 'commander';
import type { Output } from '../terminal/output';
import type { CreateDatabaseOptions } from '../database/create-database';
import { addCommand, type Ends } from './command';
import { wholeNumber } from './whole-number';

export function addDatabase(program: Command, output: Output, ends: Ends): void {
  const database = program.command('database').description('the database and its roles');
  addCommand(
    database,
    'create',
    'create the database and the two roles of the server, where they are missing',
  )
    .option('--wait <seconds>', 'wait up to this time for a database that cannot be reached yet', wholeNumber)
    .addHelpText(
      'after',
      `
Creates the roles that MIGRATION_DATABASE_URL (owner) and DATABASE_URL (application) name, with the passwords in them,
and the database that both name. ADMIN_DATABASE_URL leads to the same PostgreSQL, as a role that may create roles and
databases. What exists is left as it is: a role keeps its password. The passwords are sent as SCRAM verifiers.`,
    )
    .action((options: CreateDatabaseOptions) =>
      ends(
        import('../database/create-database.js').then(({ createDatabaseAndRoles }) =>
          createDatabaseAndRoles(output, options),
        ),
      ),
    );
}
