import { EVENT_TYPES } from '@aegis/audit';
import { JOB_NAMES } from '@aegis/jobs';
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

  it('docs/metrics.md explains every job', () => {
    const text = readFileSync(join(__dirname, '../docs/metrics.md'), 'utf8');
    const [, jobs = ''] = /^## Jobs\n([^]*?)^## /m.exec(text) ?? [];
    const named = [...jobs.matchAll(/^- `([^`]+)`/gm)].map(([, name]) => name!);
    expect(named.sort()).toEqual([...JOB_NAMES].sort());
  });

  it('docs/audit-events.md explains every type of audit record', () => {
    expect(firstColumn('docs/audit-events.md')).toEqual(expect.arrayContaining([...EVENT_TYPES]));
  });

  it('docs/architecture.md has diagrams without a semicolon, at which Mermaid ends a statement', () => {
    const text = readFileSync(join(__dirname, '../docs/architecture.md'), 'utf8');
    const diagrams = [...text.matchAll(/^```mermaid\n(.*?)^```$/gms)].map(([, diagram = '']) => diagram);
    expect(diagrams.length).toBeGreaterThan(2);
    expect(diagrams.filter((diagram) => diagram.includes(';'))).toEqual([]);
  });
});
