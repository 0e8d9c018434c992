import type { V08Line, V08Table } from '@aegis/v08-import';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { V08Csv } from './v08-csv';

const TABLES: readonly V08Table[] = ['customers', 'licenses', 'audit_logs', 'api_keys'];

describe('a table of v0.8 as a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-v08-csv-'));
    writeFileSync(join(folder, 'licenses.csv'), '');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function read(table: V08Table): Promise<V08Line[] | undefined> {
    const rows = new V08Csv(folder).rows(table);
    if (rows === undefined) return undefined;
    const lines: V08Line[] = [];
    for await (const line of rows) lines.push(line);
    return lines;
  }

  describe.each(TABLES)('%s', (table) => {
    it.each<[string, string, (path: string) => void]>([
      [
        'a link that leads nowhere',
        "can't be read (ENOENT)",
        (path) => {
          symlinkSync('missing', path);
        },
      ],
      [
        'a link to itself',
        "can't be read (ELOOP)",
        (path) => {
          symlinkSync(path, path);
        },
      ],
      [
        'a pipe',
        'is not a regular file',
        (path) => {
          execFileSync('mkfifo', [path]);
        },
      ],
      [
        'a device',
        'is not a regular file',
        (path) => {
          symlinkSync('/dev/zero', path);
        },
      ],
      [
        'a folder',
        'is not a regular file',
        (path) => {
          mkdirSync(path);
        },
      ],
    ])('is refused, and not passed over, where there is %s', async (_, problem, put) => {
      const path = join(folder, `${table}.csv`);
      rmSync(path, { force: true });
      put(path);
      await expect(read(table)).rejects.toMatchObject({
        name: 'UsageProblem',
        message: `${path} ${problem}.`,
      });
    });
  });

  it('was not there in v0.8 where nothing has its name', async () => {
    expect(await read('customers')).toBeUndefined();
  });

  it('is read from its beginning, whatever its length', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `C-${index},"Customer; ${index}",t`);
    writeFileSync(join(folder, 'customers.csv'), `id,name,is_active\n${rows.join('\n')}\n`);
    const lines = await read('customers');
    expect(lines).toHaveLength(20_000);
    expect(lines?.[0]).toEqual({
      number: 2,
      row: new Map([
        ['id', 'C-0'],
        ['name', 'Customer; 0'],
        ['is_active', 't'],
      ]),
    });
  });
});
