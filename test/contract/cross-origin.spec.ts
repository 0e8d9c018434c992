import { testServer, type TestServer } from '../support/processes/server';

/** Typed from the contract: what installations, which may be pages, ask for. */
const OPEN = [
  'GET /.well-known/jwks.json',
  'GET /.well-known/jwks.jwt',
  'GET /api/v1/status-lists/{id}',
  'GET /api/v1/licenses/{id}/status',
  'POST /api/v1/licenses/validate',
  'POST /api/v1/activations',
  'POST /api/v1/activations/{id}/heartbeat',
  'POST /api/v1/activations/{id}/release',
];

describe('pages of other origins', () => {
  let server: TestServer;
  let routes: string[];

  beforeAll(async () => {
    server = await testServer();
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    routes = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations)
        .filter((method) => ['get', 'post', 'put', 'patch', 'delete'].includes(method))
        .map((method) => `${method.toUpperCase()} ${path}`),
    );
  });
  afterAll(() => server.close());

  it('may read what installations ask for, and nothing else', async () => {
    const open: string[] = [];
    for (const route of routes) {
      const [method = '', path = ''] = route.split(' ');
      const { headers } = await fetch(server.url + path.replaceAll(/\{[^}]+\}/g, '1'), {
        method: 'OPTIONS',
        headers: { origin: 'https://shop.example.net', 'access-control-request-method': method },
      });
      if (headers.get('access-control-allow-origin') !== null) open.push(route);
      expect(headers.has('access-control-allow-credentials')).toBe(false);
    }
    expect(routes.length).toBeGreaterThan(50);
    expect(open.sort()).toEqual([...OPEN].sort());
  });

  it('may read verdicts', async () => {
    const { status, headers } = await fetch(`${server.url}/api/v1/licenses/validate`, {
      method: 'POST',
      headers: { origin: 'https://shop.example.net', 'content-type': 'application/json' },
      body: JSON.stringify({ token: 'none', module_name: 'payroll', odoo_version: '17.0' }),
    });
    expect([status, headers.get('access-control-allow-origin')]).toEqual([200, '*']);
  });
});
