import { migrateUp } from '@aegis/database';
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '@aegis/embedded-postgres';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareBinaries } from '../../../libs/embedded-postgres/src/binaries';
import { clusterIn } from '../../../libs/embedded-postgres/src/cluster';
import { openClusterFolder } from '../../../libs/embedded-postgres/src/cluster-folder';
import { readOrCreateCredentials } from '../../../libs/embedded-postgres/src/credentials';
import type { SystemAccount } from '../../../libs/embedded-postgres/src/system-account';
import { migrationDataSource } from '../../../migrations/data-source';
import { applicationPrivileges } from '../../../migrations/privileges';
import { CommandLine } from '../../support/processes/command-line';

/** What every row starts from: made once a run, copied by each. */
export interface Template {
  /** Holds DATA_DIR and the keys. */
  folder: string;
  /** Of a PostgreSQL that was stopped cleanly: migrated, with a signing key and an API key on record. */
  dataFolder: string;
  /** In which the account that runs PostgreSQL may work; copies of `dataFolder` are made here. */
  clusterFolder: string;
  account?: SystemAccount;
  /** Folder with `postgres`. */
  binaries: string;
  passwords: { owner: string; application: string; superuser: string };
  keysDir: string;
  /** With the scope `admin`. */
  apiKey: string;
}

/** Production's settings, as far as all servers of all rows share them. */
export const PRODUCTION_SETTINGS = {
  ENVIRONMENT: 'production',
  HOST: '127.0.0.1',
  PUBLIC_URL: 'https://licenses.acme.test',
  LICENSE_ISSUER: 'https://issuer.acme.test',
  KEY_PASSPHRASE: 'correct horse battery staple',
  API_KEY_PEPPERS: 'v1:5e8dd316726b0335e8dd316726b0335e',
} as const;

/** The run's template. */
export function template(): Template {
  const text = process.env.AEGIS_FAULTS_TEMPLATE;
  if (!text) throw new Error('AEGIS_FAULTS_TEMPLATE is unset: run the rows by `npm run test:faults`');
  return JSON.parse(text) as Template;
}

/** Jest's global set-up. */
export async function makeTemplate(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-faults-'));
  const dataDir = join(folder, 'data');
  const keysDir = join(folder, 'keys');
  // Durable is what the rows run; nothing is lost here.
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false });
  let apiKey: string;
  try {
    const owner = await migrationDataSource(postgres.ownerUrl).initialize();
    await migrateUp(owner, 'aegis_app', applicationPrivileges).finally(() => owner.destroy());
    const aegis = new CommandLine(folder, {
      ...PRODUCTION_SETTINGS,
      ROOT_KEY_PASSPHRASE: 'incorrect donkey battery staple',
      DATABASE_URL: postgres.applicationUrl,
      DATA_DIR: dataDir,
      KEYS_DIR: keysDir,
    });
    await done(aegis, 'keys', 'generate');
    await signKeySet(aegis, folder, keysDir);
    const make = ['api-keys', 'create', '--name', 'load', '--scopes', 'admin'];
    const made = await done(aegis, ...make, '--rate-limit', '1000000', '--json');
    apiKey = (JSON.parse(made) as { key: string }).key;
  } finally {
    await postgres.release();
  }
  const place = await openClusterFolder(dataDir);
  const credentials = readOrCreateCredentials(dataDir);
  const made: Template = {
    folder,
    dataFolder: clusterIn(place, credentials.clusterId).dataFolder,
    clusterFolder: place.path,
    account: place.account,
    binaries: prepareBinaries(place, undefined),
    passwords: {
      owner: credentials.ownerPassword,
      application: credentials.applicationPassword,
      superuser: credentials.superuserPassword,
    },
    keysDir,
    apiKey,
  };
  process.env.AEGIS_FAULTS_TEMPLATE = JSON.stringify(made);
}

/** Jest's global teardown. */
export async function removeTemplate(): Promise<void> {
  const { folder } = template();
  await removeEmbeddedPostgres(join(folder, 'data'));
  rmSync(folder, { recursive: true, force: true });
}

/** Puts a signed key set into KEYS_DIR. */
async function signKeySet(aegis: CommandLine, folder: string, keysDir: string): Promise<void> {
  const root = join(folder, 'root');
  const exported = join(folder, 'keys.json');
  await done(aegis, 'keys', 'root', 'init', '--out', root);
  await done(aegis, 'keys', 'export', '--out', exported);
  const from = ['--root-key', join(root, 'root-key.pem'), '--keys', exported];
  await done(aegis, 'keys', 'root', 'sign', ...from, '--out', join(keysDir, 'jwks.jwt'));
}

async function done(aegis: CommandLine, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await aegis.run(...args);
  if (exitCode !== 0) throw new Error(`aegis ${args.join(' ')} ended with ${exitCode}:\n${stderr}`);
  return stdout;
}
