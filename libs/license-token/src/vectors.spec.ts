import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { offlineAnswer, onlineAnswer } from '../../../test/support/vectors/answers';
import {
  readVectorFile,
  readVectors,
  type Vector,
  vectorFiles,
  VECTORS,
} from '../../../test/support/vectors/read-vectors';

const vectors = readVectors();

/** The server judges by its tables and by the clock of its database. */
const CLIENT_CODES = ['CLOCK_SET_BACK', 'STATUS_LIST_INVALID', 'STATUS_LIST_STALE'];

/** Vectors that the server has no question like, and why. */
const ONLY_OFFLINE: readonly [reason: string, applies: (vector: Vector) => boolean][] = [
  [
    'the server has the record of an activation, and reads no activation token',
    (one) => one.activation !== undefined,
  ],
  ['the server has its own keys, and reads no key set', (one) => !Array.isArray(one.keys)],
  [
    'no key of a server has a small order: it makes them itself',
    (one) => /^signature-small-order-(?!r-)/.test(one.id),
  ],
  ['a code that only clients answer', (one) => CLIENT_CODES.includes(one.expect.code)],
];

const named = (some: readonly Vector[]): [string, Vector][] => some.map((one) => [one.id, one]);
const isOnline = (one: Vector): boolean => !ONLY_OFFLINE.some(([, applies]) => applies(one));

describe('the vectors that every client answers', () => {
  it.each(vectorFiles())('follow their schema: %s', (name) => {
    const schema = JSON.parse(readFileSync(join(VECTORS, 'vector.schema.json'), 'utf8')) as object;
    const validate = new Ajv2020({ allErrors: true, strictTypes: false, strictRequired: false }).compile(
      schema,
    );
    validate(readVectorFile(name));
    expect(validate.errors).toBeNull();
  });

  it('are what their source says, signed again', () => {
    const said = execFileSync(process.execPath, [join(VECTORS, 'sign.mjs'), '--check'], { encoding: 'utf8' });
    expect(said).toBe(`${vectors.length} vectors\n`);
  });

  it('have each a name of its own', () => {
    expect(new Set(vectors.map(({ id }) => id)).size).toBe(vectors.length);
  });
});

describe('judgeOffline and judgeGuarded', () => {
  it.each(named(vectors))('answer the vector %s as written', async (_id, vector) => {
    expect(await offlineAnswer(vector)).toStrictEqual(vector.expect);
  });
});

describe('judge, as the server calls it', () => {
  it.each(named(vectors.filter(isOnline)))('answers the vector %s as written', async (_id, vector) => {
    const { clock: _clock, guard: _guard, revocation: _revocation, ...expected } = vector.expect;
    expect(await onlineAnswer(vector)).toStrictEqual(expected);
  });
});
