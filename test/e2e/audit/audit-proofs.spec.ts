import { createHash, createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { Client } from '../../support/requests/client';
import { aCustomer, aLicense } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';
import { until } from '../../support/until';

const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

/** RFC 9162, section 2.1.3.2, step by step: nothing of the server's own code. */
function rootOf(leaf: string, index: number, size: number, path: string[]): string | undefined {
  if (index >= size) return undefined;
  let [fn, sn] = [index, size - 1];
  let r = sha256(Buffer.of(0), Buffer.from(leaf, 'utf8'));
  for (const text of path) {
    const p = Buffer.from(text, 'base64url');
    if (sn === 0) return undefined;
    if (fn % 2 === 1 || fn === sn) {
      r = sha256(Buffer.of(1), p, r);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else r = sha256(Buffer.of(1), r, p);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 ? r.toString('base64url') : undefined;
}

interface Proof {
  record: object;
  leaf: string;
  index: number;
  size: number;
  path: string[];
  checkpoint: { number: number; jws: string };
}

interface Signed {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
}

/** RFC 7515 with the published key. */
function verified(jws: string, keys: (JsonWebKey & { kid: string })[]): Signed {
  const [header = '', payload = '', signature = ''] = jws.split('.');
  const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Signed['claims'];
  const jwk = keys.find(({ kid }) => kid === decoded(header).kid)!;
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const input = Buffer.from(`${header}.${payload}`);
  expect(verify(null, input, key, Buffer.from(signature, 'base64url'))).toBe(true);
  return { header: decoded(header), claims: decoded(payload) };
}

describe('proofs over the audit trail', () => {
  let server: TestServer;
  let admin: Client;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    const customer = await aCustomer(admin);
    for (let count = 0; count < 5; count += 1) await aLicense(admin, { customer_id: customer.id });
  });
  afterAll(() => server.close());

  async function proofOf(id: string): Promise<Proof> {
    let proof: Proof | undefined;
    await until('the record is sealed', async () => {
      const { status, body } = await admin.get(`/api/v1/admin/audit-logs/${id}/proof`);
      if (status === 200) proof = body;
      return proof !== undefined;
    });
    return proof!;
  }

  const published = async () =>
    (await admin.get('/.well-known/jwks.json')).body.keys as (JsonWebKey & { kid: string })[];

  it('verify for each record with only the published key, and for no other record', async () => {
    const keys = await published();
    const { body } = await admin.get('/api/v1/admin/audit-logs');
    const records = body.audit_logs as (Record<string, unknown> & { id: string })[];
    expect(records.length).toBeGreaterThan(6);
    for (const record of records) {
      const proof = await proofOf(record.id);
      expect(proof.record).toEqual(record);
      const { header, claims } = verified(proof.checkpoint.jws, keys);
      expect(header).toEqual({ alg: 'EdDSA', typ: 'aegis-checkpoint+jwt', kid: keys[0]!.kid });
      expect(claims).toMatchObject({ size: proof.size, number: proof.checkpoint.number });
      expect(rootOf(proof.leaf, proof.index, proof.size, proof.path)).toBe(claims.root);
      expect(rootOf(proof.leaf.replace('aegis', 'other'), proof.index, proof.size, proof.path)).not.toBe(
        claims.root,
      );
      const [format, id, recordedAt, type, license, , , , actor, , request, data] = JSON.parse(
        proof.leaf,
      ) as string[];
      expect([format, id, recordedAt, type, license, actor, request, JSON.parse(data!)]).toEqual([
        'aegis-audit-1',
        record.id,
        record.recorded_at,
        record.event_type,
        record.license_id,
        record.actor,
        record.request_id,
        record.event_data,
      ]);
    }
  });

  it('link each checkpoint to the previous one, and are listed newest first', async () => {
    const sealNewest = async (): Promise<void> => {
      const { body } = await admin.get('/api/v1/admin/audit-logs?page_size=1');
      await proofOf(body.audit_logs[0].id as string);
    };
    await sealNewest();
    // Made after a seal, and so for another checkpoint: all before may have got into one.
    await aCustomer(admin);
    await sealNewest();
    const { body } = await admin.get('/api/v1/admin/audit-logs/checkpoints?page_size=100');
    expect(body.total).toBeGreaterThan(1);
    const checkpoints = body.checkpoints as { number: number; jws: string; previous: string | null }[];
    expect(body).toMatchObject({ total: checkpoints.length, page: 1, total_pages: 1, next_cursor: null });
    expect(checkpoints.map(({ number }) => number)).toEqual(
      checkpoints.map((_, index) => checkpoints.length - index),
    );
    for (const [index, { jws, previous }] of checkpoints.entries()) {
      const before = checkpoints[index + 1];
      const expected = before === undefined ? null : sha256(Buffer.from(before.jws)).toString('base64url');
      expect(previous).toBe(expected);
      expect(verified(jws, await published()).claims.previous).toBe(expected);
    }
    const first = await admin.get('/api/v1/admin/audit-logs/checkpoints?page_size=1');
    const rest = await admin.get(
      `/api/v1/admin/audit-logs/checkpoints?page_size=1&cursor=${first.body.next_cursor as string}`,
    );
    expect(rest.body.checkpoints).toEqual([checkpoints[1]]);
    const lines = await admin.get('/api/v1/admin/audit-logs/checkpoints', { Accept: 'application/x-ndjson' });
    expect(
      String(lines.body)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toEqual(checkpoints);
  });

  it('no longer verify for a record that was changed', async () => {
    const { body } = await admin.get('/api/v1/admin/audit-logs?event_type=license.issued&page_size=1');
    const { id } = body.audit_logs[0] as { id: string };
    await proofOf(id);
    const sql = await superuserOf(server);
    await sql.query('ALTER TABLE audit_logs DISABLE TRIGGER USER');
    await sql.query(`UPDATE audit_logs SET actor = 'cli:mallory' WHERE id = $1`, [id]);
    await sql.end();
    const proof = await proofOf(id);
    const { claims } = verified(proof.checkpoint.jws, await published());
    expect(rootOf(proof.leaf, proof.index, proof.size, proof.path)).not.toBe(claims.root);
  });

  it('say that a checkpoint can no longer be read', async () => {
    const sql = await superuserOf(server);
    await sql.query('ALTER TABLE audit_checkpoints DISABLE TRIGGER USER');
    await sql.query(`UPDATE audit_checkpoints SET jws = 'nothing' WHERE number = 1`);
    await sql.end();
    const { body } = await admin.get('/api/v1/admin/audit-logs/checkpoints?page_size=100');
    expect((body.checkpoints as object[]).at(-1)).toEqual({
      number: 1,
      epoch: 1,
      size: null,
      root: null,
      previous: null,
      complete_to: null,
      issued_at: null,
      key_id: null,
      jws: 'nothing',
    });
  });

  it('are not licenses: a checkpoint does not validate', async () => {
    const { body } = await admin.get('/api/v1/admin/audit-logs/checkpoints?page_size=1');
    const [{ jws: token }] = body.checkpoints as [{ jws: string }];
    const question = { token, module_name: 'payroll', odoo_version: '17.0' };
    const answer = await admin.post('/api/v1/licenses/validate', question);
    expect(answer).toMatchObject({ status: 200, body: { valid: false, code: 'MALFORMED' } });
  });

  it.each(['0', '01', '-1', '1x', '9999999999999999999'])('answer 422 to the id %s', async (id) => {
    const answer = await admin.get(`/api/v1/admin/audit-logs/${id}/proof`);
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'id' }] } });
  });

  it('answer 404 to an id that no record has', async () => {
    const answer = await admin.get('/api/v1/admin/audit-logs/123456789012/proof');
    expect(answer).toMatchObject({ status: 404, body: { code: 'audit_record_not_found' } });
  });
});
