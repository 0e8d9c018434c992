import { ConfigModule, loadEnvironment } from '@aegis/config';
import { DatabaseModule } from '@aegis/database';
import { Logger, LoggingModule } from '@aegis/logging';
import { AnyKey, createHttpApp, IdempotencyModule, RespondsAsIs, type Scope, WebModule } from '@aegis/web';
import { Controller, Get, Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import request, { type Response } from 'supertest';
import { type TestDatabase, testDatabase } from '../../../../test/support/database';
import { ApiKey } from '../api-key.entity';
import { ApiKeysHttpModule } from '../api-keys-http.module';
import { ApiKeysModule } from '../api-keys.module';
import { ApiKeysService } from '../api-keys.service';
import { ApiKeyGuard } from './api-key.guard';

const ROUTE = '/api/v1/admin/api-keys';

@Controller('probe')
class ProbeController {
  @Get()
  @AnyKey()
  @RespondsAsIs('text/plain')
  probe(): string {
    return 'here';
  }
}

describe('API keys over HTTP', () => {
  let database: TestDatabase;
  let app: NestExpressApplication;
  let folder: string;
  let admin: string;
  let logged = '';

  beforeAll(async () => {
    database = await testDatabase();
    folder = mkdtempSync(join(tmpdir(), 'aegis-api-keys-'));
    const environment = loadEnvironment({
      ENVIRONMENT: 'test',
      DATA_DIR: folder,
      RATE_LIMIT_ENABLED: 'false',
    });
    const stream = new PassThrough().on('data', (chunk: Buffer) => (logged += chunk.toString()));
    const logger = new Logger({ level: 'debug', format: 'json', stream });
    @Module({
      imports: [
        ConfigModule.for(environment),
        LoggingModule.for(logger),
        DatabaseModule.for(database.applicationUrl),
        ApiKeysModule,
        ApiKeysHttpModule,
        IdempotencyModule,
        WebModule.for({ imports: [ApiKeysHttpModule], accessGuard: ApiKeyGuard }),
      ],
      controllers: [ProbeController],
    })
    class TestModule {}
    app = await createHttpApp(TestModule);
    await app.listen(0, '127.0.0.1');
    admin = (await app.get(ApiKeysService, { strict: false }).createFirstAdminKey())!;
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  const get = (path: string, key = admin): request.Test =>
    request(app.getHttpServer()).get(path).set('X-API-Key', key);
  const post = (body: object, key = admin): request.Test =>
    request(app.getHttpServer()).post(ROUTE).set('X-API-Key', key).send(body);
  const remove = (id: string, key = admin): request.Test =>
    request(app.getHttpServer()).delete(`${ROUTE}/${id}`).set('X-API-Key', key);
  const patch = (id: string, body: object, key = admin): request.Test =>
    request(app.getHttpServer()).patch(`${ROUTE}/${id}`).set('X-API-Key', key).send(body);
  const rotate = (id: string, body?: object, key = admin): request.Test =>
    request(app.getHttpServer()).post(`${ROUTE}/${id}/rotate`).set('X-API-Key', key).send(body);
  const made = async (...scopes: Scope[]): Promise<{ id: string; key: string }> => {
    const { status, body } = await post({ name: 'CI', scopes });
    expect(status).toBe(201);
    return body as { id: string; key: string };
  };

  it('makes a key, shows it once, and lets it in', async () => {
    const { status, headers, body } = await post({
      name: 'Shop',
      description: 'Issues licenses',
      scopes: ['licenses:issue', 'api-keys:manage'],
      expires_at: '2099-01-01T01:00:00+01:00',
      rate_limit_per_minute: 250,
    });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9A-Za-z]{12}$/),
      name: 'Shop',
      description: 'Issues licenses',
      scopes: ['licenses:issue', 'api-keys:manage'],
      prefix: `aegis_test_${body.id}`,
      is_active: true,
      rate_limit_per_minute: 250,
      expires_at: '2099-01-01T00:00:00.000Z',
      last_used_at: null,
      usage_count: 0,
      created_at: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      created_by: `api_key:${admin.slice(11, 23)}`,
      key: expect.stringMatching(new RegExp(`^aegis_test_${body.id}_[0-9A-Za-z]{49}$`)),
    });
    expect(headers).toMatchObject({ location: `${ROUTE}/${body.id}`, 'cache-control': 'no-store' });

    const { key, ...record } = body as { key: string };
    const read = await get(headers.location!, key);
    expect([read.status, read.body]).toEqual([200, record]);
    expect(logged).not.toContain(key.slice(24));
  });

  it.each([
    [{}, ['name', 'scopes']],
    [{ name: '', scopes: [] }, ['name', 'scopes']],
    [{ name: 'a'.repeat(101), scopes: ['admin', 'admin'] }, ['name', 'scopes']],
    [{ name: 'CI', scopes: ['licenses:delete'] }, ['scopes']],
    [{ name: 'CI', scopes: 'admin' }, ['scopes']],
    [{ name: 'CI', scopes: [['admin']] }, ['scopes']],
    [{ name: 'CI', scopes: ['admin'], description: 'a'.repeat(501) }, ['description']],
    [{ name: 'CI', scopes: ['admin'], expires_at: 'tomorrow' }, ['expires_at']],
    [{ name: 'CI', scopes: ['admin'], expires_at: '2099-02-30T00:00:00Z' }, ['expires_at']],
    [{ name: 'CI', scopes: ['admin'], expires_at: '2020-01-01T00:00:00Z' }, ['expires_at']],
    [{ name: 'CI', scopes: ['admin'], rate_limit_per_minute: 0 }, ['rate_limit_per_minute']],
    [{ name: 'CI', scopes: ['admin'], rate_limit_per_minute: 1_000_001 }, ['rate_limit_per_minute']],
    [{ name: 'CI', scopes: ['admin'], rate_limit_per_minute: 1.5 }, ['rate_limit_per_minute']],
    [{ name: 'CI', scopes: ['admin'], rate_limit_per_minute: '10' }, ['rate_limit_per_minute']],
    [{ name: 'CI', scopes: ['admin'], is_active: false, hash: 'x' }, ['is_active', 'hash']],
  ])('refuses %j', async (input, fields) => {
    const { status, body } = await post(input);
    expect(status).toBe(422);
    const named = (body.errors as { field: string }[]).map(({ field }) => field);
    expect([...new Set(named)].sort()).toEqual([...fields].sort());
  });

  it('takes null for what may be absent, and the ends of every range', async () => {
    const every = [
      'licenses:read',
      'licenses:issue',
      'licenses:revoke',
      'licenses:validate',
      'customers:read',
      'customers:write',
      'stats:read',
      'audit:read',
      'api-keys:manage',
      'webhooks:manage',
      'admin',
    ];
    const nulls = { description: null, expires_at: null, rate_limit_per_minute: null };
    const first = await post({ name: 'a', scopes: every, ...nulls });
    expect([first.status, first.body]).toEqual([201, expect.objectContaining({ ...nulls, scopes: every })]);
    const last = await post({
      name: 'a'.repeat(100),
      description: 'a'.repeat(500),
      scopes: ['admin'],
      rate_limit_per_minute: 1_000_000,
    });
    expect(last.status).toBe(201);
    await remove(first.body.id);
    await remove(last.body.id);
  });

  it('asks for api-keys:manage on every route', async () => {
    const { id, key } = await made('licenses:read', 'audit:read');
    const refusals = [
      await get(ROUTE, key),
      await get(`${ROUTE}/${id}`, key),
      await post({}, key),
      await remove(id, key),
      await patch(id, {}, key),
      await rotate(id, {}, key),
    ];
    for (const { status, body, headers } of refusals) {
      expect(status).toBe(403);
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(body).toMatchObject({
        code: 'insufficient_scope',
        detail: expect.stringContaining('api-keys:manage'),
      });
    }
    const anonymous = await request(app.getHttpServer()).get(ROUTE);
    expect([anonymous.status, anonymous.headers['www-authenticate']]).toEqual([
      401,
      expect.stringMatching(/^Bearer/),
    ]);
  });

  it('changes fields of a key, and answers what it is now', async () => {
    const { body: before } = await post({
      name: 'Shop',
      description: 'old',
      scopes: ['licenses:read'],
      rate_limit_per_minute: 5,
    });
    const { key, ...record } = before as { id: string; key: string };
    const { status, body, headers } = await patch(record.id, {
      name: 'Web shop',
      description: null,
      scopes: ['licenses:issue', 'customers:write'],
      expires_at: '2099-01-01T01:00:00+01:00',
      rate_limit_per_minute: null,
      is_active: false,
    });
    const after = {
      ...record,
      name: 'Web shop',
      description: null,
      scopes: ['licenses:issue', 'customers:write'],
      expires_at: '2099-01-01T00:00:00.000Z',
      rate_limit_per_minute: null,
      is_active: false,
    };
    expect([status, body]).toEqual([200, after]);
    expect(headers.etag).toBe('"2"');
    expect((await get(`${ROUTE}/${record.id}`)).body).toEqual(after);
    expect((await get('/probe', key)).status).toBe(401);
  });

  it.each([
    [{ name: null }, ['name']],
    [{ name: '' }, ['name']],
    [{ scopes: null }, ['scopes']],
    [{ scopes: [] }, ['scopes']],
    [{ scopes: ['admin', 'admin'] }, ['scopes']],
    [{ scopes: ['licenses:delete'] }, ['scopes']],
    [{ is_active: null }, ['is_active']],
    [{ is_active: 'false' }, ['is_active']],
    [{ description: 'a'.repeat(501) }, ['description']],
    [{ expires_at: '2020-01-01T00:00:00Z' }, ['expires_at']],
    [{ expires_at: 'never' }, ['expires_at']],
    [{ rate_limit_per_minute: 0 }, ['rate_limit_per_minute']],
    [{ rate_limit_per_minute: 1_000_001 }, ['rate_limit_per_minute']],
    [{ name: 'ok', id: '000000000000', hash: 'x', created_by: 'me' }, ['id', 'hash', 'created_by']],
  ])('refuses the change %j, and changes nothing', async (input, fields) => {
    const { id } = await made('licenses:read');
    const { body: before } = await get(`${ROUTE}/${id}`);
    const { status, body } = await patch(id, input);
    expect(status).toBe(422);
    const named = (body.errors as { field: string }[]).map(({ field }) => field);
    expect([...new Set(named)].sort()).toEqual([...fields].sort());
    expect((await get(`${ROUTE}/${id}`)).body).toEqual(before);
  });

  it('rotates a key: shows the new secret once, and ends the old one unless there is a grace', async () => {
    const { id, key } = await made('licenses:read');
    const { body: record } = await get(`${ROUTE}/${id}`);
    const { status, headers, body } = await rotate(id);
    expect([status, headers['cache-control'], headers.etag]).toEqual([200, 'no-store', '"2"']);
    expect(body).toEqual({
      ...record,
      key: expect.stringMatching(new RegExp(`^aegis_test_${id}_[0-9A-Za-z]{49}$`)),
    });
    const second = (body as { key: string }).key;
    expect((await get('/probe', key)).status).toBe(401);
    expect((await get('/probe', second)).status).toBe(200);
    const third = ((await rotate(id, { grace_seconds: 604_800 })).body as { key: string }).key;
    for (const secret of [second, third]) expect((await get('/probe', secret)).status).toBe(200);
    expect((await get(`${ROUTE}/${id}`)).body).toEqual(record);
    for (const secret of [key, second, third]) expect(logged).not.toContain(secret.slice(24));
  });

  it.each([-1, 604_801, 1.5, '60', null, [60]])('refuses a grace of %j seconds', async (grace_seconds) => {
    const { id, key } = await made('licenses:read');
    const { status, body } = await rotate(id, { grace_seconds });
    expect([status, body.errors]).toEqual([
      422,
      [expect.objectContaining({ field: 'grace_seconds' }), ...(body.errors as object[]).slice(1)],
    ]);
    expect((await get('/probe', key)).status).toBe(200);
  });

  it('lets nobody gain a scope by changing or rotating keys', async () => {
    const manager = await made('api-keys:manage', 'licenses:read');
    const stronger = await made('licenses:read', 'licenses:revoke');
    const equal = await made('licenses:read');
    const attempts = [
      await patch(manager.id, { scopes: ['admin'] }, manager.key),
      await patch(manager.id, { scopes: ['api-keys:manage', 'licenses:read', 'stats:read'] }, manager.key),
      await patch(equal.id, { scopes: ['licenses:revoke'] }, manager.key),
      await patch(stronger.id, { scopes: ['licenses:read'] }, manager.key),
      await patch(stronger.id, { is_active: false }, manager.key),
      await rotate(stronger.id, {}, manager.key),
      await rotate(admin.slice(11, 23), {}, manager.key),
    ];
    for (const { status, body } of attempts) {
      expect([status, body.code]).toEqual([403, 'insufficient_scope']);
      expect(body).not.toHaveProperty('key');
    }
    for (const { key } of [manager, stronger, equal]) expect((await get('/probe', key)).status).toBe(200);
    expect((await patch(equal.id, { scopes: ['api-keys:manage'] }, manager.key)).status).toBe(200);
    expect((await rotate(equal.id, {}, manager.key)).status).toBe(200);
    expect((await patch(manager.id, { scopes: ['api-keys:manage'] }, manager.key)).status).toBe(200);
    // It has given up licenses:read, and does not get it back by itself.
    const back = await patch(manager.id, { scopes: ['api-keys:manage', 'licenses:read'] }, manager.key);
    expect(back.status).toBe(403);
  });

  it('lets nobody gain a scope by making or deleting keys', async () => {
    const manager = await made('api-keys:manage', 'licenses:read');
    const stronger = await made('licenses:read', 'licenses:revoke');
    for (const scopes of [['admin'], ['licenses:read', 'licenses:revoke']]) {
      const { status, body } = await post({ name: 'More', scopes }, manager.key);
      expect([status, body.code]).toEqual([403, 'insufficient_scope']);
    }
    const kept = await remove(stronger.id, manager.key);
    expect([kept.status, kept.body.detail]).toEqual([403, expect.stringContaining('licenses:revoke')]);
    expect((await get('/probe', stronger.key)).status).toBe(200);
    const equal = await post({ name: 'Same', scopes: ['licenses:read'] }, manager.key);
    expect(equal.status).toBe(201);
    expect((await remove(equal.body.id, manager.key)).status).toBe(204);
  });

  it('refuses a deleted key from the next request on', async () => {
    const { id, key } = await made('licenses:read');
    expect((await get('/probe', key)).status).toBe(200);
    const removed = await remove(id);
    expect([removed.status, removed.text]).toEqual([204, '']);
    const refused = await get('/probe', key);
    expect([refused.status, refused.body.code]).toEqual([401, 'unauthorized']);
    for (const gone of [
      await get(`${ROUTE}/${id}`),
      await remove(id),
      await patch(id, { is_active: true }),
      await rotate(id),
    ])
      expect([gone.status, gone.body.code]).toEqual([404, 'api_key_not_found']);
  });

  it('keeps the last admin key', async () => {
    const id = admin.slice(11, 23);
    for (const { status, body } of [
      await remove(id),
      await patch(id, { is_active: false }),
      await patch(id, { scopes: ['licenses:read'] }),
      await patch(id, { expires_at: '2199-01-01T00:00:00Z' }),
    ])
      expect([status, body.code]).toEqual([409, 'last_admin_key']);
    expect((await get(ROUTE)).status).toBe(200);
  });

  it.each(['short', '0aZ9bY8cX7dW1', '0aZ9bY8cX7d-', '%00aZ9bY8cX7d'])('refuses the id %s', async (id) => {
    for (const { status, body } of [await get(`${ROUTE}/${id}`), await patch(id, {}), await rotate(id)])
      expect([status, body.code]).toEqual([422, 'validation_failed']);
  });

  it('takes the key as a bearer token too, but not both', async () => {
    const bearer = (): request.Test =>
      request(app.getHttpServer()).get('/probe').set('Authorization', `Bearer ${admin}`);
    expect((await bearer()).status).toBe(200);
    const both = await bearer().set('X-API-Key', admin);
    expect([both.status, both.body.code]).toEqual([400, 'invalid_request']);
  });

  it('lists newest first, page by page and by cursor, and never a secret', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.unshift((await made('stats:read')).id);
    const idsOf = ({ body }: Response): string[] => (body.api_keys as { id: string }[]).map(({ id }) => id);
    const first = await get(`${ROUTE}?page_size=2`);
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ page: 1, page_size: 2, total_pages: Math.ceil(first.body.total / 2) });
    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    expect(idsOf(await get(`${ROUTE}?page=2&page_size=2`))).toEqual(ids.slice(2, 4));

    const walked: string[] = [];
    for (let query = 'page_size=2'; query !== '';) {
      const page = await get(`${ROUTE}?${query}`);
      walked.push(...idsOf(page));
      query = page.body.next_cursor === null ? '' : `page_size=2&cursor=${page.body.next_cursor}`;
    }
    const all = await get(`${ROUTE}?page_size=100`);
    expect(walked).toEqual(idsOf(all));
    expect(walked).toHaveLength(all.body.total);
    expect(all.body.next_cursor).toBeNull();
    expect(Object.keys(all.body.api_keys[0]).sort()).toEqual([
      'created_at',
      'created_by',
      'description',
      'expires_at',
      'id',
      'is_active',
      'last_used_at',
      'name',
      'prefix',
      'rate_limit_per_minute',
      'scopes',
      'usage_count',
    ]);
    expect((await get(`${ROUTE}?cursor=made-up`)).status).toBe(422);
    await remove(ids[0]!);
    expect((await get(ROUTE)).body.total).toBe(all.body.total - 1);
  });

  it('writes the last uses when it stops', async () => {
    const { id, key } = await made('stats:read');
    const dataSource = await database.dataSource([ApiKey]);
    await get('/probe', key);
    await app.close();
    expect(await dataSource.manager.findOneBy(ApiKey, { id })).toMatchObject({
      usage_count: 1,
      last_used_at: expect.any(Date),
    });
  });
});
