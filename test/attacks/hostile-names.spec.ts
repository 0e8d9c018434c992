import { defaultMetadataStorage } from 'class-transformer/cjs/storage';
import type { Type } from '@nestjs/common';
import { Client as Postgres } from 'pg';
import { exposedFieldsOf } from '../../libs/http/src/answers/exposed-fields';
import { expectStatus } from '../support/contract/expect-status';
import { Client } from '../support/requests/client';
import { testServer, type TestServer } from '../support/processes/server';
import { until } from '../support/until';

/** Names that JavaScript, or a library that handles the value, gives a meaning. */
const NAMES = [
  ...Object.getOwnPropertyNames(Object.prototype),
  'prototype',
  'then',
  'catch',
  'toJSON',
  'length',
  'push',
  'forEach',
  'type',
  'name',
  '$ref',
  '0',
  '',
];
/** Where one of them may be, as JSON: `__proto__` is a name like the others there. */
const SHAPES: ((name: string) => string)[] = [
  (name) => `{${name}: "x"}`,
  (name) => `{${name}: null}`,
  (name) => `{${name}: {"name": "Array", ${name}: 1}}`,
  (name) => `{"a": {${name}: "x"}}`,
  (name) => `{"a": [{${name}: "x"}, [{${name}: {"prototype": {}}}]]}`,
];
const DATA = NAMES.flatMap((name) => SHAPES.map((shape) => shape(JSON.stringify(name))));

/** Fields of answers that the served document declares as objects without a class. */
function freeFields(): { type: Type<object>; field: string }[] {
  const { _exposeMetadatas: exposed } = defaultMetadataStorage as unknown as {
    _exposeMetadatas: Map<Type<object>, Map<string, unknown>>;
  };
  return [...exposed].flatMap(([type, fields]) =>
    [...fields.keys()]
      .filter((field) => {
        const declared = Reflect.getMetadata(
          'swagger/apiModelProperties',
          type.prototype as object,
          field,
        ) as { type?: unknown } | undefined;
        return declared?.type === 'object';
      })
      .map((field) => ({ type, field })),
  );
}

describe('names of members that anybody chose', () => {
  let server: TestServer;
  let admin: Client;
  let role: Postgres;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    role = new Postgres({ connectionString: server.database.applicationUrl });
    await role.connect();
  });
  afterAll(async () => {
    await role.end();
    await server.close();
  });

  it('are shown unchanged in audit data: in pages, lines, cells and proofs', async () => {
    await role.query(
      `INSERT INTO audit_logs (event_type, actor, customer_id, event_data)
       SELECT 'license.validated', 'system', 'C-names', data::jsonb FROM unnest($1::text[]) AS data`,
      [DATA],
    );
    const { rows } = await role.query<{ id: string; event_data: unknown }>(
      `SELECT id::text, event_data FROM audit_logs WHERE customer_id = 'C-names' ORDER BY id`,
    );
    const written = new Map(rows.map(({ id, event_data }) => [id, JSON.stringify(event_data)]));
    expect(written.size).toBe(DATA.length);
    const shownIn = (records: { id: string; event_data: unknown }[]): Map<string, string> =>
      new Map(
        records
          .map(({ id, event_data }): [string, string] => [id, JSON.stringify(event_data)])
          .sort(([one], [other]) => Number(one) - Number(other)),
      );
    const list = `/api/v1/admin/audit-logs?customer_id=C-names`;

    const shown: { id: string; event_data: unknown }[] = [];
    for (let page = 1; shown.length < DATA.length; page += 1) {
      const answer = await admin.get(`${list}&page=${page}&page_size=100`);
      expectStatus(answer, 200);
      expect(answer.body.audit_logs).not.toEqual([]);
      shown.push(...answer.body.audit_logs);
    }
    expect(shownIn(shown)).toEqual(written);

    const lines = await fetch(`${server.url}${list}`, {
      headers: { 'X-API-Key': server.adminKey, Accept: 'application/x-ndjson' },
    });
    const text = await lines.text();
    expect(
      shownIn(
        text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as never),
      ),
    ).toEqual(written);

    const cells = await fetch(`${server.url}${list}`, {
      headers: { 'X-API-Key': server.adminKey, Accept: 'text/csv' },
    });
    const csv = await cells.text();
    for (const data of written.values()) expect(csv).toContain(data.replaceAll('"', '""'));

    const [id] = written.keys();
    await until('the record is sealed', async () => {
      const { status } = await admin.get(`/api/v1/admin/audit-logs/${id}/proof`);
      if (status === 500) throw new Error('the proof failed');
      return status === 200;
    });
    for (const [record, data] of written) {
      const proof = await admin.get(`/api/v1/admin/audit-logs/${record}/proof`);
      expectStatus(proof, 200);
      expect(JSON.stringify(proof.body.record.event_data)).toBe(data);
    }
  });

  it('do not change any field that is declared as an object of any members', () => {
    const free = freeFields();
    expect(free.map(({ type, field }) => `${type.name}.${field}`)).toEqual(
      expect.arrayContaining(['AuditLogDto.event_data', 'ValidationCountsDto.by_code']),
    );
    for (const { type, field } of free)
      for (const data of DATA) {
        const value = { [field]: JSON.parse(data) as unknown };
        const shown = exposedFieldsOf(type)(value) as Record<string, unknown>;
        expect([field, JSON.stringify(shown[field])]).toEqual([field, JSON.stringify(value[field])]);
      }
  });

  // class-transformer looks into every value but `entitlements` of the body itself.
  it.each(['notes', 'unknown', 'instance_fingerprint', 'allowed_major_versions', 'entitlements'])(
    'are refused in an object that only has the name of a field with free names: in %s',
    async (field) => {
      for (const name of NAMES) {
        const inner = `{"entitlements": {${JSON.stringify(name)}: {"name": "Array"}}}`;
        for (const value of [inner, `[${inner}]`]) {
          const answer = await admin.post(
            '/api/v1/licenses',
            `{"customer_id": "acme", "${field}": ${value}}`,
          );
          expect({ value, status: answer.status }).toEqual({ value, status: 422 });
        }
      }
    },
  );
});
