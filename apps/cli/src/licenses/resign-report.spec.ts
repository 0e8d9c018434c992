import type { ReissuedLicense } from '@aegis/licensing';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AWKWARD_TEXTS } from '../../../../test/support/requests/awkward-texts';
import { readCsv, readJsonLines } from '../../../../test/support/trail/independent-reader';
import { ResignReportFile } from './resign-report';

const COLUMNS = [
  'license_id',
  'customer_id',
  'module_name',
  'old_key_id',
  'new_key_id',
  'revision',
  'expires_at',
  'token',
];
const EXPIRES = '2030-01-01T00:00:00.000Z';

/** Each text in each column of texts. */
const LICENSES: ReissuedLicense[] = AWKWARD_TEXTS.map((text, index) => ({
  license_id: text,
  customer_id: text,
  module_name: text,
  old_key_id: text,
  new_key_id: text,
  revision: index,
  expires_at: index % 2 === 0 ? null : new Date(EXPIRES),
  token: text,
}));

describe('a report of reissued licenses is read back as it was written', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-report-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** The first half of the licenses was there before, the others come one by one. */
  async function written(name: string): Promise<string> {
    const path = join(folder, name);
    const half = LICENSES.length >> 1;
    const report = await ResignReportFile.begin(
      path,
      (async function* () {
        yield await Promise.resolve(LICENSES.slice(0, half));
      })(),
    );
    for (const license of LICENSES.slice(half)) await report.add([license]);
    await report.close();
    return readFileSync(path, 'utf8');
  }

  it('as CSV', async () => {
    const [columns, ...records] = readCsv(await written('new.csv'));
    expect(columns).toEqual(COLUMNS);
    expect(records).toEqual(
      AWKWARD_TEXTS.map((text, index) => [
        ...[text, text, text, text, text],
        ...[String(index), index % 2 === 0 ? '' : EXPIRES, text],
      ]),
    );
  });

  it('as NDJSON', async () => {
    expect(readJsonLines(await written('new.ndjson'))).toEqual(
      LICENSES.map((license) => ({
        ...license,
        expires_at: license.expires_at === null ? null : EXPIRES,
      })),
    );
  });

  it.each(['new.csv', 'new.ndjson'])('%s is replaced by a newer one', async (name) => {
    const first = await written(name);
    expect(await written(name)).toBe(first);
  });
});
