import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../../..');

/** Lets all programs of a run share what compile-cache.cjs keeps. @param folder of the run alone, absolute */
export function shareCompiledCode(folder: string): void {
  const preload = join(folder, 'preload.cjs');
  const [keep, file] = [join(__dirname, 'compile-cache.cjs'), join(folder, 'compiled')];
  writeFileSync(preload, `require(${JSON.stringify(keep)})(${JSON.stringify(file)});\n`);
  process.env.AEGIS_TEST_PRELOAD = preload;
}

/**
 * Arguments of Node that run a program of the build, without the program's own. Where `AEGIS_FROM_SOURCES` is set, its sources
 * run instead: a fault that is planted in them (test/mutation) is not in the build.
 */
export function programArguments(app: 'server' | 'cli'): string[] {
  const { AEGIS_FROM_SOURCES, AEGIS_TEST_PRELOAD } = process.env;
  if (AEGIS_FROM_SOURCES === undefined) {
    const preload = AEGIS_TEST_PRELOAD === undefined ? [] : ['-r', AEGIS_TEST_PRELOAD];
    return [...preload, join(ROOT, 'dist/apps', app, 'src/main.js')];
  }
  return ['-r', join(ROOT, 'test/support/register-swc.cjs'), join(ROOT, 'apps', app, 'src/main.ts')];
}
