import fc from 'fast-check';
import { onlineAnswer } from '../../../test/support/vectors/answers';
import { asked } from '../../../test/support/vectors/asked';
import { typescriptAnswer } from '../../../test/support/vectors/client-answers';
import { randomQuestion } from '../../../test/support/vectors/random-questions';

const RUNS = 500;

/** What the server has no answer to, or another one by its tables. */
const NOT_ONLINE = ['KEY_COMPROMISED', 'CLOCK_SET_BACK', 'STATUS_LIST_INVALID', 'STATUS_LIST_STALE'];

describe('one verdict for one question', () => {
  it('is given by the TypeScript client as by the library', async () => {
    await fc.assert(
      fc.asyncProperty(randomQuestion, async (question) => {
        expect(await typescriptAnswer(question)).toStrictEqual((await asked(question)).expect);
      }),
      { numRuns: RUNS },
    );
  });

  it('is given by the server, which has tables, as by the library, which has a list', async () => {
    await fc.assert(
      fc.asyncProperty(randomQuestion, async (question) => {
        const vector = await asked({ ...question, activation: undefined });
        // Without a key set that has expired, which a server does not have.
        fc.pre(Array.isArray(question.keys) && !NOT_ONLINE.includes(vector.expect.code));
        const { revocation: _revocation, clock: _clock, guard: _guard, ...expected } = vector.expect;
        expect(await onlineAnswer(vector)).toStrictEqual(expected);
      }),
      { numRuns: RUNS },
    );
  });

  it('is asked for with questions that reach the codes', async () => {
    const codes = new Set<string>();
    for (const question of fc.sample(randomQuestion, { numRuns: 1_000, seed: 1 }))
      codes.add((await asked(question)).expect.code);
    expect([...codes].sort()).toEqual([
      'ACTIVATION_ENDED',
      'ACTIVATION_INVALID',
      'ACTIVATION_MISMATCH',
      'ACTIVATION_REQUIRED',
      'CLOCK_SET_BACK',
      'EXPIRED',
      'INSTANCE_MISMATCH',
      'INSTANCE_REQUIRED',
      'ISSUER_MISMATCH',
      'KEY_COMPROMISED',
      'MALFORMED',
      'MODULE_MISMATCH',
      'REVOKED',
      'SIGNATURE_INVALID',
      'STATUS_LIST_INVALID',
      'STATUS_LIST_STALE',
      'SUSPENDED',
      'UNKNOWN_KEY',
      'VALID',
      'VERSION_NOT_ALLOWED',
    ]);
  });
});
