import { join } from 'node:path';
import { AegisProcess, embeddedPostgres } from './aegis-process.mjs';
import { postmasterOf } from './processor-time.mjs';
import { makeStock } from './stock.mjs';
import { furtherWorkloads, workloads } from './speed/workloads.mjs';

/**
 * A server on a PostgreSQL of its own, with licenses to ask about.
 * @param {object} options
 * @param {string} options.folder of its own, which exists
 * @param {number} options.licenses
 * @param {(() => unknown)[]} options.cleanUps gets what ends it again, to be called in reverse
 * @param {Record<string, string>} [options.variables] settings beyond those of a bench
 * @param {string} [options.root] of a checkout that is built; this one unless given
 * @param {string} [options.preload] a module to load before the server
 * @returns what can be asked of it, and the ids of its process and of PostgreSQL's
 */
export async function startStockedServer({ folder, licenses, cleanUps, ...own }) {
  const dataDir = join(folder, 'data');
  // This checkout's, also for the build of another: a server takes over the PostgreSQL that runs in its DATA_DIR.
  const { startEmbeddedPostgres, removeEmbeddedPostgres } = await embeddedPostgres();
  const postgres = await startEmbeddedPostgres({ dataDir });
  cleanUps.push(async () => {
    await postgres.release();
    await removeEmbeddedPostgres(dataDir);
  });
  const server = await AegisProcess.start({ folder, dataDir, ...own });
  cleanUps.push(() => server.stop());
  const adminKey = server.firstAdminKey();
  if (adminKey === undefined) throw new Error('The server did not show an admin key.');
  const stock = await makeStock(server.url, adminKey, licenses);
  return {
    pid: server.pid,
    postmaster: await postmasterOf(postgres.superuserUrl),
    url: server.url,
    applicationUrl: postgres.applicationUrl,
    stop: () => server.stop(),
    stock,
    workloads: workloads(server.url, adminKey, stock),
    furtherWorkloads: furtherWorkloads(server.url, adminKey, stock),
  };
}
