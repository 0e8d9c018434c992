import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../../..');

/**
 * Arguments of Node that run a program of the build, without the program's own. Where `AEGIS_FROM_SOURCES` is set, its sources
 * run instead: a fault that is planted in them (test/mutation) is not in the build.
 */
export function programArguments(app: 'server' | 'cli'): string[] {
  if (process.env.AEGIS_FROM_SOURCES === undefined) return [join(ROOT, 'dist/apps', app, 'src/main.js')];
  return ['-r', join(ROOT, 'test/support/register-swc.cjs'), join(ROOT, 'apps', app, 'src/main.ts')];
}
