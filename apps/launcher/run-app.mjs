import { pathToFileURL } from 'node:url';
import { compiledMain } from './preparation/compilation.mjs';
import { endWithNpm } from './parent-end.mjs';
import { prepare, root } from './preparation/prepare.mjs';

/**
 * Runs a compiled app in this process, as if it had been started itself: arguments and signals are its own.
 * @param {'server' | 'cli'} app
 */
export async function runApp(app) {
  const endIfAlone = endWithNpm();
  await prepare();
  // Installing and building leave no time to look.
  endIfAlone();
  const main = compiledMain(root, app);
  process.argv[1] = main;
  await import(pathToFileURL(main).href);
}
