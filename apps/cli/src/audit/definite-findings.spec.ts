import { describeFailure } from '../failures/describe-failure';
import { UsageProblem } from '../terminal/usage-problem';
import { keepingFindings } from './definite-findings';

describe('a verification that ends with an error', () => {
  const lost = Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });

  it.each([
    ['nothing was found', [], lost, 3, 'database_unavailable'],
    ['only what leaves it open was found', ['key_not_held'], lost, 3, 'database_unavailable'],
    ['something was found', ['record_edited'], lost, 1, 'database_unavailable'],
    ['both were found', ['record_edited', 'key_not_held'], lost, 1, 'database_unavailable'],
    ['nothing was found', [], new RangeError('Invalid string length'), 3, 'internal_error'],
    [
      'something was found',
      ['checkpoint_forged'],
      new RangeError('Invalid string length'),
      1,
      'internal_error',
    ],
    ['nothing was found', [], new UsageProblem('Line 2 is too long.'), 2, 'usage'],
    ['something was found', ['export_cut'], new UsageProblem('Line 2 is too long.'), 1, 'usage'],
  ])('says no only if what it found is certain: %s, %j, %s', async (_, kinds, error, exitCode, code) => {
    const verifying = keepingFindings((onFinding) => {
      for (const kind of kinds) onFinding({ kind });
      return Promise.reject(error);
    });
    const thrown = await verifying.catch((one: unknown) => one);
    const failure = await describeFailure(thrown);
    expect(failure).toMatchObject({ exitCode, code });
    expect(failure.message.includes('not valid')).toBe(exitCode === 1);
    expect(failure.message).toContain(error.message);
  });

  it('is different from one that returns', async () => {
    const verified = await keepingFindings((onFinding) => {
      onFinding({ kind: 'record_edited' });
      return Promise.resolve(7);
    });
    expect(verified).toBe(7);
  });
});
