import { pathToFileURL } from 'node:url';
import { compiledMain } from './compilation.mjs';
import { prepare, root } from './prepare.mjs';

/**
 * Runs a compiled app in this process, as if it had been started itself: arguments and signals are its own.
 * @param {'server' | 'cli'} app
 */
export async function runApp(app) {
  await prepare();
  const main = compiledMain(root, app);
  process.argv[1] = main;
  await import(pathToFileURL(main).href);
}
