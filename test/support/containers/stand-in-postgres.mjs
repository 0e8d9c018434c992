// Entry point of an image that stands in for `docker.io/library/postgres` in tests, with a real PostgreSQL. It does what
// the official one does with the variables that the compose files set: POSTGRES_USER, POSTGRES_PASSWORD(_FILE),
// POSTGRES_DB, POSTGRES_INITDB_ARGS, PGDATA.
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';

const POSTGRES = { uid: 999, gid: 999 };
const BIN = '/opt/postgres/bin';
const SOCKETS = '/var/run/postgresql';
const {
  PGDATA: data = '',
  POSTGRES_USER: user = 'postgres',
  POSTGRES_DB: database = user,
  POSTGRES_INITDB_ARGS: initdbArgs = '',
  POSTGRES_PASSWORD_FILE: passwordFile,
} = process.env;
const password = passwordFile ? readFileSync(passwordFile, 'utf8').trim() : process.env.POSTGRES_PASSWORD;
if (!password) throw new Error('POSTGRES_PASSWORD: required');

for (const [folder, mode] of [
  [data, 0o700],
  [SOCKETS, 0o3775],
]) {
  mkdirSync(folder, { recursive: true });
  chownSync(folder, POSTGRES.uid, POSTGRES.gid);
  chmodSync(folder, mode);
}
if (!existsSync(`${data}/PG_VERSION`)) create();

// `--single` of create() is over: the server itself.
const server = spawn(
  `${BIN}/postgres`,
  ['-D', data, '-c', `unix_socket_directories=${SOCKETS}`, '-c', 'listen_addresses=*'],
  {
    ...POSTGRES,
    stdio: 'inherit',
  },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill(signal));
server.on('exit', (code) => process.exit(code ?? 1));

function create() {
  const file = '/tmp/password';
  writeFileSync(file, password, { mode: 0o600 });
  chownSync(file, POSTGRES.uid, POSTGRES.gid);
  run('initdb', [
    '-D',
    data,
    '--encoding=UTF8',
    '--locale=C',
    `--username=${user}`,
    `--pwfile=${file}`,
    '--no-sync',
    ...initdbArgs.split(' ').filter(Boolean),
  ]);
  writeFileSync(file, '');
  appendFileSync(`${data}/pg_hba.conf`, '\nhost all all all scram-sha-256\n');
  if (database !== 'postgres')
    run('postgres', ['--single', '-D', data, 'postgres'], `CREATE DATABASE "${database}"\n`);
}

function run(program, args, input = '') {
  const { status, stderr, error } = spawnSync(`${BIN}/${program}`, args, {
    ...POSTGRES,
    input,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr ?? error}`);
}
