/**
 * `npm run drill:restore -- --licenses 500`: loads a PostgreSQL of its own, revokes after the restore point, destroys it,
 * restores and reconciles it, and expects the verdict that each license had.
 */
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { licenses: { type: 'string', default: '500' } } });
if (!/^[1-9]\d{0,5}$/.test(values.licenses)) {
  console.error('--licenses takes a whole number above 0');
  process.exit(2);
}
process.env.RESTORE_DRILL_LICENSES = values.licenses;
process.argv = [...process.argv.slice(0, 2), '--system', 'test/system/backup/restore.spec.ts'];
await import('./test.mjs');
