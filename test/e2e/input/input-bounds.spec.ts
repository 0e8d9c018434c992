import { randomUUID } from 'node:crypto';
import { Client } from '../../support/requests/client';
import {
  type Contract,
  readContract,
  resolved,
  type Route,
  routesOf,
  type Schema,
} from '../../support/contract/contract';
import { expectStatus } from '../../support/contract/expect-status';
import { testServer, type TestServer } from '../../support/processes/server';

type Properties = Readonly<Record<string, Schema>>;

const contract: Contract = readContract();

/** Properties of a body, and of what is in it, with the path to each. */
function fieldsOf(schema: Schema | undefined, path = ''): [path: string, schema: Schema][] {
  if (schema === undefined) return [];
  const { properties = {}, items } = resolved(contract, schema) as {
    properties?: Properties;
    items?: Schema;
  };
  return [
    ...Object.entries(properties).flatMap(([name, inner]): [string, Schema][] => [
      [path + name, resolved(contract, inner)],
      ...fieldsOf(inner, `${path}${name}.`),
    ]),
    ...fieldsOf(items, `${path}0.`),
  ];
}

const bodyOf = ({ operation }: Route): Schema | undefined =>
  operation.requestBody?.content['application/json']?.schema;

const routesWithBody = routesOf(contract).filter((route) => bodyOf(route) !== undefined);
const listFields = routesWithBody.flatMap((route) =>
  fieldsOf(bodyOf(route))
    .filter(([, { type }]) => [type].flat().includes('array'))
    .map(([path, schema]): [string, string, Route, Schema] => [
      `${route.method} ${route.path}`,
      path,
      route,
      schema,
    ]),
);

/**
 * Statuses for the last three bodies below: 400 where they have more values than a route takes at all, 422 where a route
 * that takes long lists has read them.
 */
const OF_LISTS: Readonly<Record<string, [number, number, number]>> = {
  'POST /api/v1/licenses': [400, 422, 422],
  'POST /api/v1/licenses/{id}/reissue': [400, 422, 422],
  'POST /api/v1/licenses/validate/batch': [422, 422, 422],
  'POST /api/v1/activations/heartbeats': [400, 422, 422],
  'POST /api/v1/admin/webhooks': [400, 422, 422],
  'PATCH /api/v1/admin/webhooks/{id}': [400, 422, 422],
};

describe('input that the contract bounds', () => {
  let server: TestServer;
  let admin: Client;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
  });
  afterAll(() => server.close());

  const send = ({ method, path }: Route, body: unknown) =>
    admin.send(method, path.replace(/\{\w+\}/, randomUUID()), body);

  it('has exactly the lists that this test knows', () => {
    expect(listFields.map(([route, path]) => `${route} ${path}`)).toEqual(
      expect.arrayContaining([
        'POST /api/v1/licenses allowed_major_versions',
        'POST /api/v1/licenses/{id}/reissue allowed_major_versions',
        'POST /api/v1/licenses/validate/batch items',
        'POST /api/v1/activations/heartbeats items',
        'POST /api/v1/admin/api-keys scopes',
        'PATCH /api/v1/admin/api-keys/{id} scopes',
        'POST /api/v1/admin/webhooks event_types',
        'PATCH /api/v1/admin/webhooks/{id} customer_ids',
      ]),
    );
  });

  it.each(listFields)('%s counts %s before it looks at an element', async (_name, path, route, schema) => {
    const most = (schema as { maxItems?: number }).maxItems;
    expect(most).toEqual(expect.any(Number));
    // Each element is wrong; what is looked at would be named.
    for (const element of [{}, [], 1, null]) {
      const answer = await send(route, { [path]: Array.from({ length: most! + 1 }, () => element) });
      expectStatus(answer, 422);
      expect(answer.body.errors).toEqual([
        { field: path, message: `must contain no more than ${most} elements` },
      ]);
    }
  });

  it.each(routesWithBody.map((route): [string, Route] => [`${route.method} ${route.path}`, route]))(
    '%s says little about a body that is too much',
    async (name, route) => {
      const [field = 'x'] = fieldsOf(bodyOf(route)).map(([path]) => path);
      const bodies = [
        { ['x'.repeat(55_000)]: Array.from({ length: 1_000 }, () => 1) },
        Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`f${index}`, 1])),
        { [field]: 'y'.repeat(60_000) },
        { [field]: Array.from({ length: 99 }, () => Array.from({ length: 99 }, () => 1)) },
        { [field]: Array.from({ length: 15_000 }, () => ({})) },
        Array.from({ length: 20_000 }, () => ({})),
      ];
      const statuses: number[] = [];
      for (const body of bodies) {
        const answer = await send(route, body);
        statuses.push(answer.status);
        expect(JSON.stringify(answer.body).length).toBeLessThan(64 * 1024);
      }
      expect(statuses).toEqual([422, 422, 422, ...(OF_LISTS[name] ?? [400, 400, 400])]);
    },
  );

  it('has no list in a query', () => {
    for (const { path, operation } of routesOf(contract))
      for (const parameter of (operation as { parameters?: { schema?: Schema; name?: string }[] })
        .parameters ?? [])
        expect([path, parameter.name, parameter.schema?.type]).not.toContain('array');
  });

  it('has no field with a name that is refused as too long', () => {
    for (const route of routesWithBody)
      for (const [path] of fieldsOf(bodyOf(route)))
        for (const name of path.split('.')) expect(name.length).toBeLessThanOrEqual(64);
  });

  it('refuses a batch of 500,000 items for its length', async () => {
    const answer = await admin.send(
      'POST',
      '/api/v1/licenses/validate/batch',
      `{"items":[${'{},'.repeat(499_999)}{}]}`,
    );
    expectStatus(answer, 422);
    expect(answer.body.errors).toEqual([
      { field: 'items', message: 'must contain no more than 1000 elements' },
    ]);
  });
});
