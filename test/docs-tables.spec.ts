import { EVENT_TYPES } from '@aegis/audit';
import { VERDICT_CODES } from '@aegis/license-token';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The codes in the first column of a page's tables, in their order. */
function firstColumn(page: string): string[] {
  const text = readFileSync(join(__dirname, '..', page), 'utf8');
  return [...text.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name!);
}

describe('a page that lists something lists all of it', () => {
  it('docs/verdicts.md explains every verdict, in the order of the checks', () => {
    expect(firstColumn('docs/verdicts.md')).toEqual(VERDICT_CODES);
  });

  it('docs/audit-events.md explains every type of audit record', () => {
    expect(firstColumn('docs/audit-events.md')).toEqual(expect.arrayContaining([...EVENT_TYPES]));
  });
});
