import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askClient } from '../../../test/support/vectors/ask-client';
import { readVectors, type Vector } from '../../../test/support/vectors/read-vectors';
import type { verifyLicense } from './index';

type Verify = typeof verifyLicense;

describe.each([
  ['for browsers', 'index.js', false],
  ['for Node', 'index.node.js', true],
])('verifyLicense of the build %s', (_name, file, isForNode) => {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-builds-'));
  let verify: Verify;

  beforeAll(() => {
    execFileSync(process.execPath, [join(__dirname, '../bundle.mjs'), folder]);
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- what is built is loaded as programs do
    verify = (require(join(folder, file)) as { verifyLicense: Verify }).verifyLicense;
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is the one that it is meant to be', () => {
    const code = readFileSync(join(folder, file), 'utf8');
    expect([code.includes('node:crypto'), code.includes('importKey(')]).toEqual([isForNode, !isForNode]);
  });

  it.each(readVectors().map((one): [string, Vector] => [one.id, one]))(
    'answers the vector %s as written',
    async (_id, vector) => {
      const { answer, error, checkedAt } = await askClient(verify, vector);
      expect(answer).toStrictEqual(vector.expect);
      expect([error === null, checkedAt]).toEqual([answer.valid, new Date(vector.now * 1000).toISOString()]);
    },
  );
});
