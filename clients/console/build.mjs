// `npm run build:console [-- --no-install]`: builds the console into dist/console, each file also in Brotli and gzip, and
// prints what a first visit loads. Does nothing when the build is that of the sources as they are.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { withLauncherLock } from '../../apps/launcher/preparation/launcher-lock.mjs';
import { prepare, root } from '../../apps/launcher/preparation/prepare.mjs';

const target = join(root, 'dist/console');
const stampFile = join(target, '.stamp');

if (!process.argv.includes('--no-install')) await prepare({ withTools: true, withBuild: false });
if (!existsSync(join(root, 'node_modules/vite'))) {
  console.error('What builds the console is not installed: `npm run build:console` installs it.');
  process.exit(2);
}
// Several servers of a checkout may be visited for the first time together.
await withLauncherLock(root, async () => {
  if (isBuilt()) console.log('The console is built.');
  else await build();
});

async function build() {
  const stamp = stampOf();
  const { build: bundle } = await import('vite');
  // Built next to its place, so that a server never reads half of it.
  const draft = join(root, `tmp/console-${process.pid}`);
  const former = join(root, `tmp/console-${process.pid}-former`);
  rmSync(draft, { recursive: true, force: true });
  try {
    await bundle({
      configFile: join(import.meta.dirname, 'vite.config.mjs'),
      logLevel: 'error',
      build: { outDir: draft },
    });
    const first = firstLoad(draft);
    for (const file of filesIn(draft)) compress(file);
    writeFileSync(join(draft, '.stamp'), stamp);
    mkdirSync(join(root, 'dist'), { recursive: true });
    rmSync(former, { recursive: true, force: true });
    if (existsSync(target)) renameSync(target, former);
    renameSync(draft, target);
    const sizes = first.map((name) => readFileSync(join(target, `${name}.br`)).length);
    const sum = sizes.reduce((total, size) => total + size, 0);
    console.log(`The first visit loads ${Math.ceil(sum / 1024)} KiB in ${first.length} files (Brotli).`);
  } finally {
    for (const folder of [draft, former]) rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns {string[]} the page, and what it names: scripts, and styles */
function firstLoad(folder) {
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  return ['index.html', ...[...page.matchAll(/(?:src|href)="\/console\/([^"]+)"/g)].map(([, name]) => name)];
}

/** @param {string} path of a file that is served */
function compress(path) {
  const plain = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }));
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
  };
  writeFileSync(`${path}.br`, brotliCompressSync(plain, { params }));
}

function isBuilt() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stampOf();
}

/** @returns {string} what the build depends on: the sources, and the versions of the packages */
function stampOf() {
  const hash = createHash('sha256');
  for (const file of [...filesIn(import.meta.dirname).sort(), join(root, 'package-lock.json')])
    hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

/** @returns {string[]} paths of the files in a folder, and below it */
function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !['.br', '.gz'].includes(extname(entry.name)))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}
