import { Client } from 'pg';
import { migratedDatabase, type TestDatabase } from '../test/support/database/database';
import { RULES } from './1764250000000-count-outside-of-patterns';

const USER = 'user:01234567-89ab-cdef-0123-456789abcdef';

/** On both sides of each bound, and what a pattern reads otherwise than LIKE does. */
const TEXTS = [
  ['', '.', 'a', 'a.', '.a', 'a.b', 'a.b.c', 'a..b', '_._', 'A.b', 'a b.c', 'a1.b', 'ä.b', 'a.b\n', '\na.b'],
  [`${'a'.repeat(40)}.b`, `${'a'.repeat(41)}.b`, `a.${'b'.repeat(40)}`, `a.${'b'.repeat(41)}`],
  ['system', 'anonymous', 'System', 'system ', 'system\n', 'systemanonymous', 'api_key', 'cli', 'user'],
  ...['api_key:', 'cli:', 'apixkey:', 'api\\_key:', ' cli:', 'xcli:', 'user:', ':'].map((prefix) =>
    ['', 'x', '\n', '\nx', 'x\n', '%', '_', ':', 'a:b', 'ü', '😀'].map((rest) => prefix + rest),
  ),
  ...['api_key:', 'cli:'].flatMap((prefix) =>
    ['x', 'é', ':', '\n', '😀'].map((letter) => [
      prefix + letter.repeat(128),
      prefix + letter.repeat(129),
      `${prefix}a:${letter.repeat(126)}`,
      `${prefix}a:${letter.repeat(127)}`,
    ]),
  ),
  [USER, `${USER}\n`, ` ${USER}`, USER.toUpperCase(), USER.slice(0, -1), `${USER}0`, USER.replace('-', '')],
  ['x'.repeat(100), 'x'.repeat(101), 'a-b.c_D9', 'a b', 'a\n', 'ß', 'a/b'],
].flat();

describe('rules on texts that most requests write', () => {
  let database: TestDatabase;
  let owner: Client;

  beforeAll(async () => {
    database = await migratedDatabase();
    owner = new Client(database.superuserUrl);
    await owner.connect();
  });
  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  it.each(RULES)('accept the same values as the former ones: $name', async ({ before, after }) => {
    const { rows } = await owner.query<{ text: string | null; before: boolean; after: boolean }>(
      `SELECT actor AS text, (${before}) AS before, (${after}) AS after
       FROM unnest($1::text[]) AS texts (actor), LATERAL (SELECT actor AS event_type, actor AS module_name) AS names`,
      [[...TEXTS, null]],
    );
    expect(rows).toHaveLength(TEXTS.length + 1);
    expect(rows.filter((row) => row.before !== row.after)).toEqual([]);
    // Each value is on one side of some rule, and each rule has values on both sides.
    expect(new Set(rows.map((row) => row.before))).toEqual(new Set([true, false, null]));
  });

  it('count no repetitions within a pattern, which costs more than the row', async () => {
    const { rows } = await owner.query<{ rule: string }>(
      `SELECT conname AS rule FROM pg_constraint
       WHERE contype = 'c' AND pg_get_constraintdef(oid) ~ '[{][0-9]+,[0-9]*[}]'
         AND conrelid IN ('audit_logs'::regclass, 'licenses'::regclass, 'license_tokens'::regclass, 'audit_seals'::regclass)`,
    );
    expect(rows).toEqual([]);
  });
});
