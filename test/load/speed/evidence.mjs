import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { SEAT_LOADS } from './seats.mjs';

/** Workloads that the server itself does not answer. */
const OTHERS = /^(echo|naive|forgetful|pgbench)/;

/**
 * Makes sure that what was measured did what it is measured for: log and audit trail were on, and the answers were
 * the right ones. Requests that the end of a round cut off may have left more than were answered, never less.
 * @param {{ loads: Map<string, import('../load.mjs').Load>, logFile: string, databaseUrl: string }} options
 * @throws Error otherwise
 */
export async function assertEvidence({ loads, logFile, databaseUrl }) {
  const validated = loads.get('validate')?.answered ?? 0;
  const issued = loads.get('issue')?.answered ?? 0;
  const records = await auditRecords(databaseUrl);
  atLeast(validated, records.get('license.validated VALID') ?? 0, 'audit records of valid validations');
  atLeast(issued, records.get('license.issued') ?? 0, 'audit records of issues');
  const admitted = [SEAT_LOADS.activation, SEAT_LOADS.oneLicense, SEAT_LOADS.alone]
    .map((name) => loads.get(name)?.answered ?? 0)
    .reduce((sum, answered) => sum + answered, 0);
  atLeast(admitted, records.get('activation.admitted') ?? 0, 'audit records of admissions');
  const invalid = [...records.keys()].filter((kind) => /^license\.validated (?!VALID$)/.test(kind));
  if (invalid.length > 0) throw new Error(`Not every answer was VALID: ${invalid.join(', ')}`);

  const asked = [...loads].filter(([name]) => !OTHERS.test(name)).map(([, { answered }]) => answered);
  const total = asked.reduce((sum, answered) => sum + answered, 0);
  atLeast(total, await linesOfRequests(logFile), 'lines in the log');
}

/** @param {string} databaseUrl  @returns {Promise<Map<string, number>>} by event and verdict */
async function auditRecords(databaseUrl) {
  const url = new URL(databaseUrl);
  url.pathname = '/aegis';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    const { rows } = await client.query(
      `SELECT concat_ws(' ', event_type, event_data->>'code') AS kind, count(*)::integer AS count
       FROM audit_logs GROUP BY kind`,
    );
    return new Map(rows.map(({ kind, count }) => [kind, count]));
  } finally {
    await client.end();
  }
}

/** @param {string} logFile  @returns {Promise<number>} */
async function linesOfRequests(logFile) {
  let lines = 0;
  for await (const line of createInterface({ input: createReadStream(logFile) }))
    if (line.startsWith('{') && JSON.parse(line).message === 'request') lines++;
  return lines;
}

/** @param {number} expected  @param {number} found  @param {string} what */
function atLeast(expected, found, what) {
  if (found < expected)
    throw new Error(`${expected} requests were answered, but there are ${found} ${what}.`);
}
