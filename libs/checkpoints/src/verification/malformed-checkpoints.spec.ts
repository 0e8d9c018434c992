import { signInput } from '@aegis/signing';
import { migratedDatabase } from '../../../../test/support/database/database';
import { Trail } from '../../../../test/support/trail/trail';

const decoded = (part: string): string => Buffer.from(part, 'base64url').toString();
const encoded = (part: string | Buffer): string => Buffer.from(part).toString('base64url');

/** 64 bytes leave four spare bits in the last character of a signature. */
const withSpareBit = (signature: string): string =>
  signature.slice(0, -1) + String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1);

/** Of the JSON in the parts of a genuine checkpoint, other parts, which its own key then signs. */
const SIGNED_AGAIN: [string, (header: string, payload: string) => [string | Buffer, string | Buffer]][] = [
  ['a doubled name', (header, payload) => [header, payload.replace('{', '{"size":1,')]],
  ['a doubled kid', (header, payload) => [header.replace('{', '{"kid":"other",'), payload]],
  [
    'an invalid byte',
    (header, payload) => [header, Buffer.from(payload.replace('{', '{"x":"\xff",'), 'latin1')],
  ],
  ['another algorithm', (header, payload) => [header.replace('EdDSA', 'HS256'), payload]],
  ['another type', (header, payload) => [header.replace('aegis-checkpoint+jwt', 'JWT'), payload]],
  ['crit', (header, payload) => [header.replace('{', '{"crit":["x"],'), payload]],
  [
    'more than 4,096 characters',
    (header, payload) => [header, payload.replace('{', `{"x":"${'x'.repeat(4096)}",`)],
  ],
  ['10,000 levels', (header) => [header, '{"a":'.repeat(10_000)]],
  ['no object', (header) => [header, 'null']],
];

const SPELLED_AGAIN: [string, (jws: string) => string][] = [
  ['spare bits in its signature', withSpareBit],
  ['padding', (jws) => `${jws}==`],
  ['a line feed at its end', (jws) => `${jws}\n`],
  ['no signature', (jws) => jws.slice(0, jws.lastIndexOf('.') + 1)],
  ['one part', (jws) => jws.slice(0, jws.indexOf('.'))],
  ['no text', () => ''],
];

describe('a checkpoint that is malformed', () => {
  let trail: Trail;
  let genuine: string;

  beforeAll(async () => {
    trail = await Trail.open(migratedDatabase());
    await trail.sealed();
    genuine = (await trail.checkpoints()).at(-1)!;
  });
  afterAll(() => trail.close());

  const replaceLast = (jws: string): Promise<unknown> =>
    trail.superuser.transaction(async (tx) => {
      await tx.query('ALTER TABLE audit_checkpoints DISABLE TRIGGER USER');
      await tx.query('UPDATE audit_checkpoints SET jws = $1 WHERE number = 3', [jws]);
    });

  /** In addition to the checkpoint itself: an edited record of its own, and one of the checkpoint before. */
  async function expectFound(jws: string): Promise<void> {
    await replaceLast(jws);
    expect(await trail.findings()).toEqual([{ kind: 'checkpoint_forged', checkpoint: 3 }]);
    await trail.tamper(`UPDATE audit_logs SET actor = 'cli:other' WHERE customer_id IN ('C-7', 'C-12')`);
    expect(await trail.findings()).toEqual(
      expect.arrayContaining([
        { kind: 'checkpoint_forged', checkpoint: 3 },
        { kind: 'record_edited', record: await trail.idOf('C-7'), checkpoint: 2 },
        { kind: 'record_edited', record: await trail.idOf('C-12'), checkpoint: 3 },
      ]),
    );
    expect(await trail.sealer.chainEnd.read()).toEqual({ last: 3, trusted: 2 });
    await trail.tamper(`UPDATE audit_logs SET actor = 'system' WHERE customer_id IN ('C-7', 'C-12')`);
    await replaceLast(genuine);
    expect(await trail.findings()).toEqual([]);
    expect(await trail.sealer.chainEnd.read()).toEqual({ last: 3, trusted: 3 });
  }

  it.each(SIGNED_AGAIN)('is a finding with %s, though its key signed it', async (_fault, change) => {
    const [header = '', payload = ''] = genuine.split('.');
    const input = change(decoded(header), decoded(payload)).map(encoded).join('.');
    await expectFound(await signInput(trail.keyRing.active(), input));
  });

  it.each(SPELLED_AGAIN)('is a finding with %s', async (_fault, change) => {
    await expectFound(change(genuine));
  });
});
