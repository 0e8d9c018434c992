import type { Environment } from '@aegis/config';
import {
  namingSetting,
  connectionsOf,
  disableLogin,
  grantPrivileges,
  markSuccessor,
  roleOfUrl,
  setOwnPassword,
  setPassword,
  alternateRole,
  unmarkSuccessor,
  urlFor,
  withConnection,
} from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import { migrationDataSource } from '../../../../migrations/data-source';
import { applicationPrivileges } from '../../../../migrations/privileges';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { writeSecretFile } from './secret-file';
import { withSettings } from '../settings';
import { UsageProblem } from '../terminal/usage-problem';

/** As typed. */
export interface RotateDatabaseOptions {
  role: string;
  out?: string;
  finish?: boolean;
}

/** `aegis rotate-secrets database`: no when there is no rotation that this caller can finish, or not yet. */
export function rotateDatabase(output: Output, options: RotateDatabaseOptions): Promise<ExitCode> {
  const { role, out, finish = false } = options;
  if (role !== 'application' && role !== 'owner')
    throw new UsageProblem('--role must be application or owner.');
  if (finish && role === 'owner') throw new UsageProblem('--finish is only for the application role.');
  if (finish === (out !== undefined)) throw new UsageProblem('Give either --out <file> or --finish.');
  return withSettings(['DATABASE_URL', 'MIGRATION_DATABASE_URL'], (environment) => {
    if (role === 'owner') return rotateOwner(output, environment, out ?? '');
    return finish ? finishApplication(output, environment) : beginApplication(output, environment, out ?? '');
  });
}

/** Only `aegis migrate` logs in as the owner, so that nothing fails between the change and the roll-out. */
async function rotateOwner(output: Output, environment: Environment, path: string): Promise<ExitCode> {
  const url = needed(environment, 'MIGRATION_DATABASE_URL');
  const role = roleOfUrl(url);
  const fresh = urlFor(url, role);
  // First the file: a password that nobody knows would shut the owner out.
  await writeSecretFile(path, fresh.url);
  const [open] = await withConnection(
    url,
    async (client) => {
      await setOwnPassword(client, fresh.password);
      return connectionsOf(client, [role]);
    },
    'MIGRATION_DATABASE_URL',
  );
  await withConnection(fresh.url, (client) => client.query('SELECT'));
  const connections = open?.connections ?? 0;
  const next = `Put it where MIGRATION_DATABASE_URL is kept. Nobody can log in with the old password.${sessionsLeft(connections)}`;
  output.end(
    { step: 'changed', role, file: path, connections, next },
    `${role} has a new password: ${path}\n${next}`,
  );
  return ExitCode.yes;
}

/** A new password ends no session. */
function sessionsLeft(connections: number): string {
  return connections === 0
    ? ''
    : ` ${connections} connection(s) that logged in before are still open, and stay: if the password has leaked, end them (docs/rotate-secrets.md).`;
}

async function beginApplication(output: Output, environment: Environment, path: string): Promise<ExitCode> {
  const [url, ownerUrl, adminUrl] = [
    needed(environment, 'DATABASE_URL'),
    needed(environment, 'MIGRATION_DATABASE_URL'),
    needed(environment, 'ADMIN_DATABASE_URL'),
  ];
  const current = roleOfUrl(url);
  const role = alternateRole(current);
  const fresh = urlFor(url, role);
  await withConnection(
    adminUrl,
    async (admin) => {
      const [twin] = await connectionsOf(admin, [role]);
      if (twin && twin.connections > 0)
        throw new ConfigurationError(
          `DATABASE_URL: processes are connected as ${role} already. Give this command the URL that they use, or finish the previous rotation.`,
        );
      await writeSecretFile(path, fresh.url);
      await admin.query('BEGIN');
      await setPassword(admin, role, fresh.password);
      await unmarkSuccessor(admin, current);
      await markSuccessor(admin, role);
      await admin.query('COMMIT');
    },
    'ADMIN_DATABASE_URL',
  );
  const owner = await namingSetting('MIGRATION_DATABASE_URL', migrationDataSource(ownerUrl).initialize());
  await grantPrivileges(owner, role, applicationPrivileges).finally(() => owner.destroy());
  await withConnection(fresh.url, (client) => client.query('SELECT FROM licenses LIMIT 1'));
  const next =
    'Roll it out as DATABASE_URL, process by process: both roles work meanwhile. Then run this with --finish, with the new DATABASE_URL.';
  output.end({ step: 'begun', role, file: path, next }, `${role} has a new password: ${path}\n${next}`);
  return ExitCode.yes;
}

/** Locks out only the old role of the rotation: the command that began it noted which role is the new one. */
async function finishApplication(output: Output, environment: Environment): Promise<ExitCode> {
  const url = needed(environment, 'DATABASE_URL');
  const adminUrl = needed(environment, 'ADMIN_DATABASE_URL');
  const role = roleOfUrl(url);
  const old = alternateRole(role);
  // The caller who finishes must have the new URL, and it must work.
  await withConnection(url, (client) => client.query('SELECT'));
  return withConnection(
    adminUrl,
    async (admin) => {
      const roles = await connectionsOf(admin, [role, old]);
      const before = roles.find((one) => one.role === old);
      const connections = before?.connections ?? 0;
      const end = (step: 'none' | 'roll_out' | 'wait' | 'done', next: string): ExitCode => {
        output.end({ step, role, old_role: old, connections, next }, next);
        return step === 'done' ? ExitCode.yes : ExitCode.no;
      };
      if (before?.isSuccessor === true)
        return end(
          'roll_out',
          `DATABASE_URL still names ${role}, and this rotation leads to ${old}: roll the file of ${old} out as DATABASE_URL, then run this with it. Nothing was changed.`,
        );
      if (roles.find((one) => one.role === role)?.isSuccessor !== true)
        return end('none', `${unfinishable(role, before?.role)} Nothing was changed.`);
      if (connections > 0)
        return end(
          'wait',
          `${connections} connection(s) still use ${old}: roll the new DATABASE_URL out to the remaining processes, then run this again. If no process of yours uses it, end them (docs/rotate-secrets.md).`,
        );
      if (before) await disableLogin(admin, old);
      await unmarkSuccessor(admin, role);
      return end('done', `${old} can no longer log in: the rotation is done.`);
    },
    'ADMIN_DATABASE_URL',
  );
}

/** @param other the twin of the role, where it can log in */
function unfinishable(role: string, other: string | undefined): string {
  const begin = 'begin with --role application --out <file>.';
  return other === undefined
    ? `No rotation is under way, and the password of ${role} is as it was: ${begin}`
    : `${role} and ${other} can both log in, and it is not on record which one is new: ${begin}`;
}

function needed(
  environment: Environment,
  name: 'DATABASE_URL' | 'MIGRATION_DATABASE_URL' | 'ADMIN_DATABASE_URL',
): string {
  const url = environment[name];
  if (url === undefined)
    throw new ConfigurationError(`${name}: required to rotate this password (or ${name}_FILE).`);
  return url;
}
