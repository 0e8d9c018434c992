import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EVENT_TYPES } from './event-types';

const LIBS = resolve(__dirname, '../..');
/** How code names the type of a record that it writes. */
const WRITTEN = /(?:\b(?:type|event): |\b(?:record|auditEntry)\([^'\n]*)'([a-z_]+\.[a-z_]+)'/g;
const WRITTEN_BY_PARTS = /\btype: `([a-z_]+)\.\$\{/;

/** Types of audit records that a source writes. */
function typesWrittenBy(source: string): string[] {
  const whole = [...source.matchAll(WRITTEN)].map(([, type]) => type!);
  const [, resource] = WRITTEN_BY_PARTS.exec(source) ?? [];
  if (resource === undefined) return whole;
  return [...whole, ...[...source.matchAll(/'([a-z]+)'/g)].map(([, action]) => `${resource}.${action}`)];
}

describe('every type of audit record', () => {
  it('is written by a lib: a search accepts no type that no record can have', () => {
    const written = readdirSync(LIBS, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\/src\/.*\.ts$/.test(name) && !name.endsWith('.spec.ts'))
      .flatMap((name) => typesWrittenBy(readFileSync(join(LIBS, name), 'utf8')));
    expect(EVENT_TYPES.filter((type) => !written.includes(type))).toEqual([]);
  });
});
