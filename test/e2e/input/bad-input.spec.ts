import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { type Answer, Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aCustomerId, aLicense, type IssuedLicense } from '../../support/factories';
import { ROUTE_ACCESS } from '../../support/contract/route-access';
import { testServer, type TestServer } from '../../support/processes/server';

type Body = Record<string, unknown>;

describe('bad input', () => {
  let server: TestServer;
  let client: Client;
  let customerId: string;
  let license: IssuedLicense;

  beforeAll(async () => {
    server = await testServer({ variables: { PUBLIC_URL: 'https://licenses.vendor.example' } });
    client = new Client(server.url, server.adminKey);
    customerId = (await aCustomer(client)).id;
    license = await aLicense(client, { customer_id: customerId });
  });
  afterAll(async () => {
    // Whatever was sent: none of it was a fault of ours.
    const faults = server
      .log()
      .split('\n')
      .filter((line) => line.includes('"level":"error"'));
    await server.close();
    expect(faults).toEqual([]);
  });

  /** A problem document with all members of the contract (RFC 9457). */
  function expectProblem(answer: Answer, status: number, code: string, ...fields: string[]): void {
    expectStatus(answer, status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toEqual({
      type: `https://licenses.vendor.example/problems/${code}`,
      title: expect.stringMatching(/^[A-Z]/),
      status,
      detail: expect.stringMatching(/./),
      instance: expect.stringMatching(/^\/[^?]*$/),
      code,
      request_id: answer.headers.get('x-request-id'),
      ...(code === 'validation_failed' && {
        errors: expect.arrayContaining([{ field: expect.any(String), message: expect.any(String) }]),
      }),
    });
    if (fields.length > 0)
      expect(
        [...new Set((answer.body.errors as { field: string }[]).map(({ field }) => field))].sort(),
      ).toEqual(fields.sort());
  }

  const anIssue = (different: Body = {}): Body => ({
    customer_id: customerId,
    module_name: 'payroll',
    allowed_major_versions: ['17'],
    license_type: 'perpetual',
    ...different,
  });
  const aQuestion = (different: Body = {}): Body => ({
    token: license.token,
    module_name: 'payroll',
    odoo_version: '17',
    ...different,
  });

  /** Every route with a body, and a body that is right except for an unknown field. */
  const routesWithBody = (): [string, string, Body][] => [
    ['POST', '/api/v1/customers', { id: aCustomerId(), name: 'Acme' }],
    ['PATCH', `/api/v1/customers/${customerId}`, { phone: '1' }],
    ['POST', '/api/v1/licenses', anIssue()],
    ['POST', '/api/v1/licenses/validate', aQuestion()],
    ['POST', '/api/v1/licenses/fingerprint', { db_uuid: 'a', domain: 'b' }],
    ['POST', `/api/v1/licenses/${randomUUID()}/revoke`, { reason: 'x' }],
    ['DELETE', `/api/v1/licenses/${randomUUID()}/revoke`, { reason: 'x' }],
  ];
  const lists = [
    '/api/v1/licenses',
    '/api/v1/customers',
    '/api/v1/admin/audit-logs',
    '/api/v1/admin/audit-logs/checkpoints',
  ];

  it('of the wrong type gets only the rule about its type', async () => {
    const { body } = await client.post('/api/v1/licenses', {
      customer_id: 17,
      module_name: 'payroll',
      allowed_major_versions: '17',
      license_type: 'subscription',
      duration_days: '365',
    });
    const { errors } = body as { errors: { field: string; message: string }[] };
    expect(errors).toEqual(
      expect.arrayContaining([
        { field: 'customer_id', message: 'must be a string' },
        { field: 'allowed_major_versions', message: 'must be an array' },
        { field: 'duration_days', message: 'must be an integer number' },
      ]),
    );
    expect(errors).toHaveLength(3);
  });

  it.each<[unknown, string[]]>([
    [['17.0'], ['each entry must be 1 to 10 digits, the major version alone, such as 17']],
    [[17], ['each entry must be a string']],
    [['17', '17'], ['must not contain an entry twice']],
    [[], ['must contain at least 1 elements']],
  ])('in a list is answered without the name of the field in the rule: %j', async (versions, messages) => {
    const { status, body } = await client.post(
      '/api/v1/licenses',
      anIssue({ allowed_major_versions: versions }),
    );
    expect(status).toBe(422);
    const { errors } = body as { errors: { field: string; message: string }[] };
    expect(errors.map(({ field }) => field)).toEqual(errors.map(() => 'allowed_major_versions'));
    expect(errors.map(({ message }) => message)).toEqual(expect.arrayContaining(messages));
    for (const { field, message } of errors) expect(message).not.toContain(field);
  });

  describe('in any body', () => {
    it('is 400 when it is not JSON in UTF-8', async () => {
      const bodies = ['{', ' ', "{'a':1}", '{"a":1,}', '{"a":1}}', 'NaN', '{"a":\u00a01}', '{"a":01}'];
      for (const [method, path] of routesWithBody()) {
        for (const body of bodies)
          expectProblem(await client.send(method, path, body), 400, 'invalid_request');
        const latin1 = Buffer.from('{"name":"Zoë"}', 'latin1');
        expectProblem(await client.send(method, path, latin1), 400, 'invalid_request');
        // Public routes take the mark.
        if (!/validate|fingerprint/.test(path))
          expectProblem(await client.send(method, path, '\ufeff{}'), 400, 'invalid_request');
        expectProblem(await client.send(method, path, '{"a":1,"\\u0061":2}'), 400, 'invalid_request');
        const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
        expectProblem(await client.send(method, path, deep), 400, 'invalid_request');
      }
    });

    it('is 422 when it is not an object', async () => {
      for (const [method, path] of routesWithBody())
        for (const body of ['null', '5', '"x"', '[]', '[{}]', 'true'])
          expectProblem(await client.send(method, path, body), 422, 'validation_failed', 'body');
    });

    it('is 422 with an unknown field', async () => {
      for (const [method, path, body] of routesWithBody())
        for (const field of ['admin', 'version', 'deleted_at'])
          if (!path.endsWith('/validate'))
            expectProblem(
              await client.send(method, path, { ...body, [field]: 1 }),
              422,
              'validation_failed',
              field,
            );
    });

    it('is 422 with a name that is special in JavaScript', async () => {
      for (const [method, path] of routesWithBody())
        for (const name of [
          '__proto__',
          'constructor',
          'prototype',
          'toString',
          'hasOwnProperty',
          '__defineGetter__',
        ]) {
          const answer = await client.send(method, path, `{"${name}":{"is_active":true}}`);
          expectProblem(answer, 422, 'validation_failed');
        }
      for (const path of lists)
        for (const name of ['__proto__', 'constructor', 'toString', 'valueOf'])
          expectProblem(await client.get(`${path}?${name}=1`), 422, 'validation_failed', name);
    });

    it('is 422 with NUL or half a character, anywhere', async () => {
      for (const [method, path, body] of routesWithBody())
        for (const [field, value] of Object.entries(body)) {
          if (typeof value !== 'string') continue;
          for (const bad of ['a\\u0000b', '\\ud800', '\\udc00x', '\\ude00\\ud83d']) {
            const { [field]: _, ...rest } = body;
            const text = `${JSON.stringify(rest).slice(0, -1)}${Object.keys(rest).length > 0 ? ',' : ''}"${field}":"${bad}"}`;
            expectProblem(await client.send(method, path, text), 422, 'validation_failed', field);
          }
        }
    });

    it('is 413 from 64 KiB and one byte', async () => {
      for (const [method, path] of routesWithBody()) {
        const exactly = `{"x":"${'y'.repeat(64 * 1024 - 8)}"}`;
        expect(Buffer.byteLength(exactly)).toBe(64 * 1024);
        expectProblem(await client.send(method, path, exactly), 422, 'validation_failed');
        expectProblem(await client.send(method, path, exactly.replace('y', 'yy')), 413, 'payload_too_large');
      }
    });

    it('is 415 when it is not called JSON in UTF-8', async () => {
      for (const [method, path, body] of routesWithBody())
        for (const type of [
          'text/plain',
          'application/x-www-form-urlencoded',
          'application/xml',
          'application/json; charset=latin1',
          'application/merge-patch+json',
          'multipart/form-data; boundary=x',
        ])
          expectProblem(
            await client.send(method, path, JSON.stringify(body), { 'Content-Type': type }),
            415,
            'unsupported_media_type',
          );
    });

    it('is 415 when it is compressed', async () => {
      for (const [method, path] of routesWithBody())
        expectProblem(
          await client.send(method, path, Buffer.from('x'), { 'Content-Encoding': 'gzip' }),
          415,
          'unsupported_media_type',
        );
    });
  });

  describe('in a path', () => {
    it.each([
      'not-a-uuid',
      '00000000-0000-0000-0000-00000000000',
      '{00000000-0000-0000-0000-000000000000}',
      '00000000000000000000000000000000',
      '%00',
      '%20',
      '..%2f..%2fetc%2fpasswd',
      "1'%20OR%20'1'='1",
      'x'.repeat(2_000),
      '%F0%9F%A6%89',
    ])('is 422 for the license id %p', async (id) => {
      for (const answer of [
        await client.get(`/api/v1/licenses/${id}`),
        await client.get(`/api/v1/licenses/${id}/status`),
        await client.post(`/api/v1/licenses/${id}/revoke`, { reason: 'x' }),
        await client.delete(`/api/v1/licenses/${id}/revoke`, { reason: 'x' }),
      ])
        expectProblem(answer, 422, 'validation_failed', 'id');
    });

    it.each(['a.b', 'a b', '%00', 'Zo%C3%AB', 'x'.repeat(51), 'a%0A', 'a%2Fb'])(
      'is 422 for the customer id %p',
      async (id) => {
        for (const answer of [
          await client.get(`/api/v1/customers/${id}`),
          await client.patch(`/api/v1/customers/${id}`, { name: 'x' }),
          await client.delete(`/api/v1/customers/${id}`),
        ])
          expectProblem(answer, 422, 'validation_failed', 'id');
      },
    );

    it('is 400 when it is not percent-encoded UTF-8', async () => {
      for (const path of ['/api/v1/licenses/%', '/api/v1/customers/%E4', '/api/v1/customers/%zz'])
        expectProblem(await client.get(path), 400, 'invalid_request');
    });

    it('is 404 for an unknown route, and 405 for a method that a route has not', async () => {
      for (const path of [
        '/api/v1/nothing',
        '/api/v2/licenses',
        '/api/v1/licenses/x/y/z',
        '//api/v1/licenses',
      ])
        expectProblem(await client.get(path), 404, 'not_found');
      const answer = await client.send('PUT', '/api/v1/licenses', {});
      expectProblem(answer, 405, 'method_not_allowed');
      expect(answer.headers.get('allow')!.split(', ').sort()).toEqual(
        expect.arrayContaining(['GET', 'POST']),
      );
    });

    it('is 405 with the methods of exactly this path, even if it could be an id of another path', async () => {
      const byPath = new Map<string, string[]>();
      for (const [route] of ROUTE_ACCESS) {
        const [method, path] = route.split(' ') as [string, string];
        byPath.set(path, [...(byPath.get(path) ?? []), method]);
      }
      for (const [path, methods] of byPath) {
        const allowed = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].sort();
        for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
          if (methods.includes(method)) continue;
          const answer = await client.send(method, path.replace(/{\w+}/, license.id));
          expectProblem(answer, 405, 'method_not_allowed');
          expect({ path, allow: answer.headers.get('allow') }).toEqual({ path, allow: allowed.join(', ') });
        }
      }
      expectProblem(await client.get('/api/v1/licenses/validate/'), 405, 'method_not_allowed');
      expectProblem(await client.get('/api/v1/Licenses/validate'), 404, 'not_found');
    });

    it('is not a 500 when the request line itself is unusual', async () => {
      const { port } = new URL(server.url);
      for (const line of ['GET /api/v1/licenses/\xff HTTP/1.1', 'BREW / HTTP/1.1']) {
        const answer = await new Promise<string>((resolve, reject) => {
          const socket = connect(Number(port), '127.0.0.1', () => {
            socket.end(Buffer.from(`${line}\r\nHost: x\r\nConnection: close\r\n\r\n`, 'latin1'));
          });
          let text = '';
          socket.on('data', (chunk) => (text += chunk.toString()));
          socket.on('end', () => {
            resolve(text);
          });
          socket.on('error', reject);
        });
        expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
        expect(answer).toContain('application/problem+json');
      }
    });
  });

  describe('in a query', () => {
    it.each([
      ['page=0', 'page'],
      ['page=-1', 'page'],
      ['page=1.5', 'page'],
      ['page=x', 'page'],
      ['page=', 'page'],
      ['page=99999999999999999999', 'page'],
      ['page=1e3', 'page'],
      ['page_size=0', 'page_size'],
      ['page_size=101', 'page_size'],
      ['page_size=%20', 'page_size'],
      ['page=1&page=1', 'page'],
      ['page_size=5&page_size=6', 'page_size'],
      ['page=201', 'page'],
      ['page[]=1', 'page[]'],
      ['page[x]=1', 'page[x]'],
      ['limit=5', 'limit'],
      ['__proto__=5', '__proto__'],
      ['cursor=x', 'cursor'],
      ['cursor=', 'cursor'],
      ['cursor=W10', 'cursor'],
      [`cursor=${'A'.repeat(3_000)}`, 'cursor'],
      ['cursor=%00', 'cursor'],
    ])('is 422 for %p in any list', async (query, field) => {
      for (const path of lists)
        expectProblem(await client.get(`${path}?${query}`), 422, 'validation_failed', field);
    });

    it.each([
      ['/api/v1/licenses', 'status=Active', 'status'],
      ['/api/v1/licenses', 'status=', 'status'],
      ['/api/v1/licenses', 'license_type=trial', 'license_type'],
      ['/api/v1/licenses', 'customer_id=a%20b', 'customer_id'],
      ['/api/v1/licenses', 'module_name=a/b', 'module_name'],
      ['/api/v1/licenses', 'key_id=-x', 'key_id'],
      ['/api/v1/licenses', 'expires_before=tomorrow', 'expires_before'],
      ['/api/v1/licenses', 'expires_after=2026-02-30T00:00:00Z', 'expires_after'],
      ['/api/v1/licenses', 'expires_after=2026-02-03', 'expires_after'],
      ['/api/v1/licenses', 'expires_after=2026-02-03T00:00:00', 'expires_after'],
      ['/api/v1/licenses', 'sort=name', 'sort'],
      ['/api/v1/licenses', 'sort=created_at&sort=expires_at', 'sort'],
      ['/api/v1/licenses', 'q=', 'q'],
      ['/api/v1/licenses', 'q=%00', 'q'],
      ['/api/v1/licenses', `q=${'x'.repeat(201)}`, 'q'],
      ['/api/v1/licenses', 'is_active=true', 'is_active'],
      ['/api/v1/customers', 'is_active=1', 'is_active'],
      ['/api/v1/customers', 'is_active=TRUE', 'is_active'],
      ['/api/v1/customers', 'q=a%00', 'q'],
      ['/api/v1/customers', 'sort=name', 'sort'],
      ['/api/v1/admin/audit-logs', 'event_type=Issued', 'event_type'],
      ['/api/v1/admin/audit-logs', 'license_id=x', 'license_id'],
      ['/api/v1/admin/audit-logs', 'customer_id=', 'customer_id'],
      ['/api/v1/admin/audit-logs', 'request_id=a%20b', 'request_id'],
      ['/api/v1/admin/audit-logs', 'since=yesterday', 'since'],
      ['/api/v1/admin/audit-logs', 'until=0000-01-01T00:00:00Z', 'until'],
      ['/api/v1/admin/stats', 'since=x', 'since'],
      ['/api/v1/admin/stats/series', 'since=x', 'since'],
      ['/api/v1/admin/stats/series', 'since=2999-01-01T00:00:00Z', 'since'],
      ['/api/v1/admin/stats/series', 'since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z', 'since'],
      ['/api/v1/admin/stats/series', 'interval=minute', 'interval'],
    ])('is 422 for %s?%s', async (path, query, field) => {
      expectProblem(await client.get(`${path}?${query}`), 422, 'validation_failed', field);
    });

    it('is 400 when it is not percent-encoded UTF-8', async () => {
      for (const path of lists)
        for (const query of ['q=%', 'q=%E4', 'q=%ED%A0%80'])
          expectProblem(await client.get(`${path}?${query}`), 400, 'invalid_request');
    });

    it('names all that is wrong at once', async () => {
      const answer = await client.get('/api/v1/licenses?page=0&page_size=101&status=x&sort=y&other=1');
      expectProblem(answer, 422, 'validation_failed', 'other', 'page', 'page_size', 'sort', 'status');
    });

    it('accepts the earliest and the latest time', async () => {
      for (const time of [
        '0001-01-01T00:00:00Z',
        '9999-12-31T23:59:59.999Z',
        '9999-12-31T23:59:59.999%2B23:59',
        '2026-02-03t19:12:10z',
      ]) {
        expectStatus(await client.get(`/api/v1/licenses?expires_before=${time}`), 200);
        expectStatus(await client.get(`/api/v1/admin/audit-logs?since=${time}`), 200);
      }
    });
  });

  describe('for a license', () => {
    it.each([
      ['customer_id', [undefined, null, '', 'a b', 'x'.repeat(51), 5, ['a']]],
      ['module_name', [undefined, null, '', 'a b', 'a/b', 'ä', 'x'.repeat(101), 5]],
      [
        'allowed_major_versions',
        [
          undefined,
          null,
          '17',
          [],
          [17],
          ['17', '17'],
          ['17.0'],
          [''],
          ['12345678901'],
          ['x'],
          ['１７'],
          [null],
          Array.from({ length: 51 }, (_, index) => `${index}`),
        ],
      ],
      ['license_type', [undefined, null, '', 'trial', 'Perpetual', ['perpetual']]],
      [
        'instance_fingerprint',
        ['', 'sha256:', `sha256:${'A'.repeat(64)}`, 'a'.repeat(64), `md5:${'a'.repeat(64)}`, 5],
      ],
      ['notes', ['x'.repeat(2_001), 5, {}]],
    ] as [string, unknown[]][])('is 422 in %s', async (field, values) => {
      for (const value of values)
        expectProblem(
          await client.post('/api/v1/licenses', anIssue({ [field]: value })),
          422,
          'validation_failed',
          field,
        );
    });

    it.each([
      ['perpetual', [1, 365]],
      ['subscription', [undefined, null, 0, -1, 36_501, 1.5, '30', 1e300]],
      ['demo', [0, -1, 36_501, 1.5, '30', true]],
    ] as [string, unknown[]][])('is 422 in the duration of a %s license', async (license_type, values) => {
      for (const duration_days of values)
        expectProblem(
          await client.post('/api/v1/licenses', anIssue({ license_type, duration_days })),
          422,
          'validation_failed',
          'duration_days',
        );
    });

    it('accepts the limits of each rule', async () => {
      const edges: Body[] = [
        { license_type: 'subscription', duration_days: 1 },
        { license_type: 'subscription', duration_days: 36_500 },
        { module_name: 'x'.repeat(100) },
        { module_name: '.' },
        { allowed_major_versions: Array.from({ length: 50 }, (_, index) => `${9_999_999_900 + index}`) },
        { notes: '🦉'.repeat(2_000) },
        { notes: null, instance_fingerprint: null },
      ];
      for (const edge of edges) expectStatus(await client.post('/api/v1/licenses', anIssue(edge)), 201);
    });

    it('is 404 without its customer, and 409 if the customer is inactive', async () => {
      const unknown = await client.post('/api/v1/licenses', anIssue({ customer_id: aCustomerId() }));
      expectProblem(unknown, 404, 'customer_not_found');
      const { id } = await aCustomer(client, { is_active: false });
      expectProblem(
        await client.post('/api/v1/licenses', anIssue({ customer_id: id })),
        409,
        'customer_inactive',
      );
      await client.delete(`/api/v1/customers/${id}`);
      expectProblem(
        await client.post('/api/v1/licenses', anIssue({ customer_id: id })),
        404,
        'customer_not_found',
      );
    });

    it('is 422 in the reason of a revocation', async () => {
      for (const reason of [undefined, null, '', 'x'.repeat(501), 5, ['x']])
        expectProblem(
          await client.post(`/api/v1/licenses/${license.id}/revoke`, { reason }),
          422,
          'validation_failed',
          'reason',
        );
      expectProblem(
        await client.delete(`/api/v1/licenses/${license.id}/revoke`),
        422,
        'validation_failed',
        'reason',
      );
      expect((await client.get(`/api/v1/licenses/${license.id}`)).body.status).toBe('active');
      const { id } = await aLicense(client);
      const reason = '🦉'.repeat(500);
      const answer = await client.post(`/api/v1/licenses/${id}/revoke`, { reason });
      expectStatus(answer, 200);
      expect(answer.body.revoked_reason).toBe(reason);
    });

    it.each([
      ['module_name', [undefined, null, '', 'x'.repeat(101), 5]],
      ['odoo_version', [undefined, null, '', 'x'.repeat(51), 17]],
      ['instance_db_uuid', ['x'.repeat(256), 5]],
      ['instance_domain', ['x'.repeat(256), {}]],
    ] as [string, unknown[]][])('is 422 in %s of a validation', async (field, values) => {
      for (const value of values)
        expectProblem(
          await client.post('/api/v1/licenses/validate', aQuestion({ [field]: value })),
          422,
          'validation_failed',
          field,
        );
    });

    it('is 422 in an instance whose fingerprint is wanted', async () => {
      for (const field of ['db_uuid', 'domain'])
        for (const value of [undefined, null, '', 'x'.repeat(256), 5])
          expectProblem(
            await client.post('/api/v1/licenses/fingerprint', { db_uuid: 'a', domain: 'b', [field]: value }),
            422,
            'validation_failed',
            field,
          );
    });
  });

  describe('for a customer', () => {
    it.each([
      ['id', [undefined, null, '', 'a b', 'a.b', 'ä', 'x'.repeat(51), 5, 'a\n']],
      ['name', [undefined, null, '', 'x'.repeat(201), '🦉'.repeat(201), 5, {}]],
      ['email', ['', 'x', 'a@b', '@acme.example', `${'a'.repeat(65)}@acme.example`, 5]],
      ['company', ['x'.repeat(201), 5]],
      ['phone', ['1'.repeat(51), 5]],
      ['address', ['x'.repeat(501), 5]],
      ['notes', ['x'.repeat(2_001), 5]],
      ['is_active', ['true', 1, null, '']],
    ] as [string, unknown[]][])('is 422 in %s', async (field, values) => {
      for (const value of values) {
        const created = await client.post('/api/v1/customers', {
          id: aCustomerId(),
          name: 'Acme',
          [field]: value,
        });
        expectProblem(created, 422, 'validation_failed', field);
        if (value === undefined) continue;
        const changed = await client.patch(`/api/v1/customers/${customerId}`, { [field]: value });
        expectProblem(changed, 422, 'validation_failed', field);
      }
    });

    it('accepts any readable text of Unicode as a name, and returns it in NFC', async () => {
      const names = [
        '山田太郎',
        'شركة الأمل',
        '🦉👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿',
        '🦉'.repeat(200),
        'é'.repeat(200),
        'e\u0301'.repeat(100),
        'a\ufffe',
        '\\u0000',
        '"; DROP TABLE customers; --',
        '<script>alert(1)</script>',
      ];
      for (const name of names) {
        const id = aCustomerId();
        const created = await client.post('/api/v1/customers', { id, name, company: name, notes: name });
        expectStatus(created, 201);
        expect((await client.get(`/api/v1/customers/${id}`)).body).toMatchObject({
          name: name.normalize('NFC'),
          company: name.normalize('NFC'),
          notes: name.normalize('NFC'),
        });
        const { token } = await aLicense(client, { customer_id: id });
        const verdict = await client.post('/api/v1/licenses/validate', aQuestion({ token }));
        expect(verdict.body).toMatchObject({ code: 'VALID', customer_name: name.normalize('NFC') });
      }
    });

    it('counts characters as Unicode does, variation selectors too', async () => {
      const hearts = '❤\ufe0f'.repeat(101);
      for (const [field, value] of [
        ['name', hearts],
        ['company', hearts],
        ['phone', '❤\ufe0f'.repeat(26)],
        ['address', '❤\ufe0f'.repeat(251)],
        ['notes', '❤\ufe0f'.repeat(1_001)],
      ] as const) {
        const answer = await client.post('/api/v1/customers', {
          id: aCustomerId(),
          name: 'Acme',
          [field]: value,
        });
        expectProblem(answer, 422, 'validation_failed', field);
      }
      const notes = '❤\ufe0f'.repeat(1_001);
      expectProblem(
        await client.post('/api/v1/licenses', anIssue({ notes })),
        422,
        'validation_failed',
        'notes',
      );
      const reason = '❤\ufe0f'.repeat(251);
      expectProblem(
        await client.post(`/api/v1/licenses/${license.id}/revoke`, { reason }),
        422,
        'validation_failed',
        'reason',
      );
      const name = '❤\ufe0f'.repeat(100);
      expectStatus(await client.post('/api/v1/customers', { id: aCustomerId(), name }), 201);
    });

    it('names all that is wrong at once', async () => {
      const answer = await client.post('/api/v1/customers', {
        id: 'a b',
        name: '',
        email: 'x',
        is_active: 1,
        other: 2,
      });
      expectProblem(answer, 422, 'validation_failed', 'email', 'id', 'is_active', 'name', 'other');
    });
  });

  it('without a key gets an error about the key only', async () => {
    const anyone = new Client(server.url);
    for (const [method, path] of routesWithBody()) {
      if (/validate|fingerprint/.test(path)) continue;
      const answer = await anyone.send(method, path, '{');
      expectProblem(answer, 401, 'unauthorized');
      expect(answer.headers.get('www-authenticate')).toBeTruthy();
    }
    for (const path of lists) expectProblem(await anyone.get(`${path}?page=0`), 401, 'unauthorized');
  });
});
