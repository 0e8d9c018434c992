import { Writable } from 'node:stream';
import { readVectors } from '../../../../test/support/vectors/read-vectors';
import { commandLine } from '../command-line';
import { Output } from '../terminal/output';

const vectors = readVectors();
const token = vectors.find(({ id }) => id === 'valid')!.token;

describe('what needs no key', () => {
  let written: string;
  let said: jest.SpyInstance;

  beforeEach(() => {
    written = '';
    said = jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
  });
  afterEach(() => {
    said.mockRestore();
  });

  async function run(args: readonly string[], json = true): Promise<number> {
    written = '';
    const stream = new Writable({
      write: (chunk, _encoding, done) => {
        written += String(chunk);
        done();
      },
    });
    return commandLine(new Output(json, stream), args);
  }

  it('inspect shows what a license says, and that nothing was verified', async () => {
    expect(await run(['inspect', token])).toBe(0);
    expect(JSON.parse(written)).toMatchObject({
      verified: false,
      kind: 'license',
      problem: null,
      removed: [],
      header: { alg: 'EdDSA', typ: 'JWT', kid: 'vendor-1' },
      content: { jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5', customer: { id: 'acme' } },
    });
    expect(said).toHaveBeenCalledWith(expect.stringContaining('NOTHING WAS VERIFIED'));
  });

  it('inspect names what copying added, and what is not well-formed', async () => {
    expect(await run(['inspect', ` "${token.slice(0, 40)}\n${token.slice(40)}" `])).toBe(0);
    expect(JSON.parse(written)).toMatchObject({ kind: 'license', removed: ['quotes', 'white_space'] });
    expect(await run(['inspect', token.slice(0, -1)])).toBe(1);
    expect(JSON.parse(written)).toMatchObject({ kind: 'license', problem: expect.any(String) });
    expect(await run(['inspect', 'eyJ.e.s'])).toBe(1);
    expect(JSON.parse(written)).toMatchObject({ kind: 'unknown' });
  });

  it.each([
    [64, { problem: expect.any(String), content: expect.any(Object) }],
    [65, { problem: expect.any(String) }],
    [200_000, { problem: expect.any(String) }],
  ])('inspect says what it can of %d levels, as anyone can write them', async (levels, shown) => {
    const arrays = levels - 1;
    const deep = `{"a":${'['.repeat(arrays)}${']'.repeat(arrays)}}`;
    const [header] = token.split('.');
    expect(await run(['inspect', `${header}.${Buffer.from(deep).toString('base64url')}.AAAA`])).toBe(1);
    const answer = JSON.parse(written) as object;
    expect(answer).toMatchObject({ kind: 'license', ...shown });
    expect('content' in answer).toBe('content' in shown);
    expect(await run(['inspect', `${header}.${Buffer.from(deep).toString('base64url')}.AAAA`], false)).toBe(
      1,
    );
  });

  it.each([
    ['activation', (): string => vectors.find(({ id }) => id === 'activation-list-valid')!.activation!.token],
    ['status_list', (): string => vectors.find((one) => one.status_list !== undefined)!.status_list!],
    [
      'key_set',
      (): string => {
        const { keys } = vectors.find((one) => !Array.isArray(one.keys))!;
        return (keys as { key_set: string }).key_set;
      },
    ],
  ])('inspect tells apart: %s', async (kind, text) => {
    await run(['inspect', text()]);
    expect(JSON.parse(written)).toMatchObject({ kind });
  });

  it('inspect writes no control character that a token contains', async () => {
    const forged = [{ alg: 'EdDSA', typ: 'JWT', kid: '\x1b[2J' }, { customer: '\x1b[2J' }, 'x'].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    expect(await run(['inspect', forged.join('.')], false)).toBe(1);
    expect(written).not.toContain('\x1b');
  });

  it('fingerprint answers what the server answers', async () => {
    const args = ['--db-uuid', '5f0c9a3e-8a7b-11ee-b9d1-0242ac120002', '--domain', 'erp.bound.example'];
    expect(await run(['fingerprint', ...args], false)).toBe(0);
    expect(written).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    await expect(run(['fingerprint', '--db-uuid', '', '--domain', 'x'])).rejects.toThrow(/must not be empty/);
  });
});
