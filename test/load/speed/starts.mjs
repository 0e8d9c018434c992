import { setTimeout as delay } from 'node:timers/promises';
import { AegisProcess, embeddedPostgres } from '../aegis-process.mjs';
import { median } from '../median.mjs';

/** Long enough for what the start left behind to be collected. */
const SETTLE_MS = 3000;

/**
 * @typedef {object} Starts
 * @property {string} adminKey made by the very first start, which also migrates and is not measured
 * @property {number} readyMilliseconds median, on a migrated database that runs already
 * @property {number} coldMilliseconds median, on a migrated database that the server starts first
 * @property {number} idleMegabytes of the server's process some seconds after it got ready; without PostgreSQL
 */

/**
 * Measures how long the server takes to get ready and what it occupies then.
 * @param {{ folder: string, dataDir: string, starts: number, coldStarts: number }} options
 * @returns {Promise<Starts>}
 */
export async function measureStarts({ folder, dataDir, starts, coldStarts }) {
  const { startEmbeddedPostgres } = await embeddedPostgres();
  const start = () => AegisProcess.start({ folder, dataDir });
  const postgres = await startEmbeddedPostgres({ dataDir });
  let adminKey;
  const warm = [];
  const memory = [];
  try {
    const first = await start();
    adminKey = first.firstAdminKey();
    await first.stop();
    for (let count = 0; count < starts; count++) {
      const server = await start();
      warm.push(server.startMilliseconds);
      if (count === starts - 1) {
        await delay(SETTLE_MS);
        memory.push(server.residentMegabytes());
      }
      await server.stop();
    }
  } finally {
    await postgres.release();
  }
  if (adminKey === undefined) throw new Error('The first start did not show an admin key.');

  const cold = [];
  for (let count = 0; count < coldStarts; count++) {
    const server = await start();
    cold.push(server.startMilliseconds);
    await server.stop();
  }
  return {
    adminKey,
    readyMilliseconds: median(warm),
    coldMilliseconds: median(cold),
    idleMegabytes: median(memory),
  };
}
