import { CommandLine } from './command-line';
import { loadEnvironment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type RunningServer, startServer } from '../../../apps/server/src/server';
import { testDatabase, type TestDatabase } from '../database/database';
import { PATIENCE } from '../patience';
import { WIDE_LIMITS } from './wide-limits';

/** Of every test server. */
const SECRETS = {
  KEY_PASSPHRASE: 'a passphrase for tests',
  API_KEY_PEPPERS: 'v1:0123456789abcdef0123456789abcdef',
  SECRETS_KEY: 'v1:89abcdef0123456789abcdef01234567',
};

/** A server of a test's own, with database, keys and a first admin key. */
export interface TestServer {
  url: string;
  /** Base URL of the metrics' own port. */
  metricsUrl: string;
  /** Secret of the first admin key. */
  adminKey: string;
  database: TestDatabase;
  keysDir: string;
  /** All that was logged so far. */
  log(): string;
  /** Stops the server, then removes its database and folders. */
  close(): Promise<void>;
}

export interface TestServerOptions {
  /** Settings beyond the test's own, by variable. */
  variables?: Record<string, string>;
  /** A database to share with another server; it is not removed by `close`. */
  database?: TestDatabase;
  /** KEYS_DIR to share or to prepare; not removed by `close`. */
  keysDir?: string;
}

/** Starts a server in this process, on a free port and a database of its own unless given. */
export async function testServer(options: TestServerOptions = {}): Promise<TestServer> {
  const database = options.database ?? (await testDatabase());
  const folder = mkdtempSync(join(tmpdir(), 'aegis-server-'));
  const keysDir = options.keysDir ?? join(folder, 'keys');
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const environment = loadEnvironment({
    ENVIRONMENT: 'test',
    PORT: '0',
    METRICS_PORT: '0',
    DATABASE_URL: database.applicationUrl,
    MIGRATION_DATABASE_URL: database.ownerUrl,
    DATA_DIR: join(folder, 'data'),
    KEYS_DIR: keysDir,
    ...SECRETS,
    ...WIDE_LIMITS,
    ...PATIENCE,
    LOG_LEVEL: 'debug',
    LOG_FORMAT: 'json',
    ...options.variables,
  });
  const logger = new Logger({ level: environment.LOG_LEVEL, format: environment.LOG_FORMAT, stream });
  let server: RunningServer;
  try {
    server = await startServer(environment, logger);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (!options.database) await database.drop();
    throw error;
  }
  return {
    url: server.url,
    metricsUrl: server.metricsUrl,
    adminKey: server.firstAdminKey ?? '',
    database,
    keysDir,
    log: () => lines.join(''),
    async close() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
      if (!options.database) await database.drop();
    },
  };
}

/**
 * The command line of a server: its database, keys and secrets.
 * @param folder working directory of the commands
 */
export function commandLineOf(
  { database, keysDir }: Pick<TestServer, 'database' | 'keysDir'>,
  folder: string,
): CommandLine {
  return new CommandLine(folder, {
    ENVIRONMENT: 'test',
    DATABASE_URL: database.applicationUrl,
    MIGRATION_DATABASE_URL: database.ownerUrl,
    KEYS_DIR: keysDir,
    ...SECRETS,
  });
}
