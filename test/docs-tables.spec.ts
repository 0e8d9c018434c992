import { EVENT_TYPES } from '@aegis/audit';
import { EVENT_KINDS } from '@aegis/events';
import { JOB_NAMES } from '@aegis/jobs';
import { VERDICT_CODES } from '@aegis/license-token';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectNothingMissing } from './support/complete-list';
import { jobsOfThePage } from './support/pages';

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
    const explained = jobsOfThePage().map(({ name }) => name);
    expectNothingMissing(
      JOB_NAMES.filter((name) => !explained.includes(name)),
      'Explain the job in docs/metrics.md, section "Jobs", as the others: what it does, how often, what its failure means',
    );
    expect(explained).toEqual([...JOB_NAMES].sort());
  });

  it('the alarm for a stopped job gives rare jobs the time between their runs', () => {
    const rules = readFileSync(join(__dirname, '../config/prometheus/aegis.rules.yml'), 'utf8');
    const [, excepted = ''] = /exported_job!~"([a-z|-]+)"\} > 60\)/.exec(rules) ?? [];
    const rare = jobsOfThePage().filter(({ text }) => /every (?:\d+ minutes|hour|\d+ hours|day)/.test(text));
    expectNothingMissing(
      rare.map(({ name }) => name).filter((name) => !excepted.split('|').includes(name)),
      'Give the job a limit of its own in AegisJobStopped, config/prometheus/aegis.rules.yml: it runs less often than once a minute',
    );
    expect(rare.map(({ name }) => name)).toEqual(excepted.split('|').sort());
    for (const { name } of rare)
      expect(rules).toMatch(new RegExp(`exported_job=~?"(?:[a-z|-]+\\|)?${name}[|"]`));
  });

  it('docs/audit-events.md explains every type of audit record', () => {
    expect(firstColumn('docs/audit-events.md')).toEqual(expect.arrayContaining([...EVENT_TYPES]));
  });

  it('docs/events.md has each type of event with its fields', () => {
    const text = readFileSync(join(__dirname, '../docs/events.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `[a-z_]+\.[a-z_]+` +\|.*$/gm)].map(([row]) =>
      row.replace(/ +/g, ' '),
    );
    expect(rows).toEqual(
      Object.entries(EVENT_KINDS).map(([type, { summary, fields }]) => {
        const names = Object.entries(fields).map(
          ([name, { isOptional }]) => `\`${name}${isOptional ? '?' : ''}\``,
        );
        return `| \`${type}\` | ${summary} | ${names.join(' ') || '–'} |`;
      }),
    );
  });

  it('docs/architecture.md has diagrams without a semicolon, at which Mermaid ends a statement', () => {
    const text = readFileSync(join(__dirname, '../docs/architecture.md'), 'utf8');
    const diagrams = [...text.matchAll(/^```mermaid\n(.*?)^```$/gms)].map(([, diagram = '']) => diagram);
    expect(diagrams.length).toBeGreaterThan(2);
    expect(diagrams.filter((diagram) => diagram.includes(';'))).toEqual([]);
  });
});
