import type { ClockState } from '@aegis/license-token';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readVectors, type Vector, type VectorAnswer } from '../../../test/support/vectors/read-vectors';
import type { verifyLicense } from './index';

type Verify = typeof verifyLicense;

/** A storage in memory. */
class Guard {
  constructor(public kept: ClockState | null) {}

  load(): ClockState | null {
    return this.kept;
  }

  save(state: ClockState): void {
    this.kept = state;
  }
}

async function answerOf(verify: Verify, vector: Vector): Promise<VectorAnswer> {
  const { token, question, issuers, keys, now, max_offline, status_list, activation } = vector;
  const guard = vector.guard === undefined ? null : new Guard(vector.guard);
  const { error, checked_at, ...verdict } = await verify(token, {
    keys: Array.isArray(keys) ? keys : { keySet: keys.key_set, root: keys.root },
    issuer: issuers,
    ...question,
    now,
    statusList: status_list,
    maxOffline: max_offline,
    guard,
    activation: activation && { ...activation, statusList: activation.status_list },
  });
  expect([error === null, checked_at]).toEqual([verdict.valid, new Date(now * 1000).toISOString()]);
  return { ...verdict, ...(guard && { guard: guard.kept }) };
}

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
      expect(await answerOf(verify, vector)).toStrictEqual(vector.expect);
    },
  );
});
