import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { ConfigurationError } from '@aegis/errors';
import type { Cluster } from './cluster';
import { SUPERUSER } from './cluster-creation';
import { errorCode } from './error-code';
import { findPostmaster, launchPostmaster, type Launch, type LaunchOptions } from './postmaster';

const START_DEADLINE_MS = 60_000;
const POLL_MS = 15;
const RELAUNCH_PAUSE_MS = 100;

/** What a start can say that another try, after a moment or on another port, overcomes. */
const PASSING_TROUBLE = [
  // Backends of a postmaster that was killed take a moment to notice it.
  'pre-existing shared memory block',
  'lock file "postmaster.pid" already exists',
  // The free port was taken between our look and PostgreSQL's bind.
  'Address already in use',
];

export interface Connected {
  /** Connected as superuser; the caller ends it. */
  client: Client;
  port: number;
  /** A postmaster was running already. */
  adopted: boolean;
}

/**
 * Connects to the postmaster of the cluster, and starts it if it does not run. Whether it recovers, stops or hangs:
 * the loop ends when it accepts our password.
 * @param prepare makes the cluster if it is missing; returns the folder with `postgres`. Called if none runs.
 * @throws ConfigurationError with the last lines of the log if it does not start, or refuses our password
 */
export async function connectStarting(
  cluster: Cluster,
  superuserPassword: string,
  options: LaunchOptions,
  prepare: () => Promise<string>,
): Promise<Connected> {
  const deadline = performance.now() + START_DEADLINE_MS;
  let trouble: unknown;
  let launch: Launch | undefined;
  let binaries: string | undefined;
  while (performance.now() < deadline) {
    const postmaster = findPostmaster(cluster);
    if (postmaster?.ready === true) {
      try {
        const client = await connect(postmaster.port, superuserPassword);
        return { client, port: postmaster.port, adopted: launch === undefined };
      } catch (error) {
        trouble = refusedPassword(error) ?? error;
        if (trouble instanceof ConfigurationError) throw trouble;
      }
    } else if (postmaster === undefined && launch?.ended !== false) {
      if (launch !== undefined) {
        const said = launch.said();
        trouble = new Error(said);
        if (!isPassing(said)) break;
        await delay(RELAUNCH_PAUSE_MS);
      }
      binaries ??= await prepare();
      launch = await launchPostmaster(cluster, binaries, options);
    }
    await delay(POLL_MS);
  }
  throw doesNotStart(cluster, trouble);
}

async function connect(port: number, password: string): Promise<Client> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: SUPERUSER,
    database: 'postgres',
    password,
    connectionTimeoutMillis: 2_000,
    application_name: 'aegis embedded',
  });
  // Without a listener a lost connection would end the process; the query that needs it fails by itself.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

function refusedPassword(error: unknown): ConfigurationError | undefined {
  if (errorCode(error)?.startsWith('28') !== true) return undefined;
  return new ConfigurationError(
    'The embedded PostgreSQL refuses the password in DATA_DIR/secrets: that file and its data are not of the same ' +
      'cluster. Restore the file, or delete it to begin with an empty database.',
  );
}

function isPassing(said: string): boolean {
  return PASSING_TROUBLE.some((words) => said.includes(words));
}

function doesNotStart(cluster: Cluster, trouble: unknown): ConfigurationError {
  const said = trouble instanceof Error ? trouble.message : 'It did not answer.';
  const lastLines = said.trim().split('\n').slice(-20).join('\n');
  return new ConfigurationError(
    `The embedded PostgreSQL does not start (log: ${cluster.logFile}); set DATABASE_URL to do without it. It said:\n${lastLines}`,
  );
}
