// `node clients/typescript/bundle.mjs <folder>`: the code of the package without its types, each entry as ECMAScript module
// and as CommonJS, with libs/license-token in it.
import { build } from 'esbuild';
import { basename, join, resolve } from 'node:path';

const PACKAGE = import.meta.dirname;

/** Files of the package, by the name of what they become; `index.node` is `index` with `node:crypto` in WebCrypto's place. */
export const ENTRIES = {
  index: { file: join(PACKAGE, 'src/index.ts'), platform: 'neutral' },
  'index.node': { file: join(PACKAGE, 'src/index.ts'), platform: 'node', plugins: [forNode()] },
  api: { file: join(PACKAGE, 'src/api/index.ts'), platform: 'neutral', mainFields: ['module', 'main'] },
  node: { file: join(PACKAGE, 'src/node/index.ts'), platform: 'node' },
};

const FORMATS = [
  ['esm', '.mjs'],
  ['cjs', '.js'],
];

/** @returns {import('esbuild').Plugin} which takes what Node has of its own, in place of what runs everywhere */
function forNode() {
  return {
    name: 'for-node',
    setup({ onResolve }) {
      onResolve({ filter: /\/(?:primitives|base64url)$/ }, ({ path, kind }) =>
        kind === 'import-statement'
          ? { path: join(PACKAGE, `src/node/node-${basename(path)}.ts`) }
          : undefined,
      );
    },
  };
}

/** @param {string} target an empty folder */
export async function bundle(target) {
  for (const [name, { file, ...settings }] of Object.entries(ENTRIES))
    for (const [format, extension] of FORMATS)
      await build({
        ...settings,
        entryPoints: { [name]: file },
        outdir: target,
        outExtension: { '.js': extension },
        format,
        bundle: true,
        target: 'es2022',
        charset: 'utf8',
        tsconfig: join(PACKAGE, '../../tsconfig.json'),
        logLevel: 'warning',
      });
}

if (process.argv[1] === import.meta.filename && process.argv[2]) await bundle(resolve(process.argv[2]));
