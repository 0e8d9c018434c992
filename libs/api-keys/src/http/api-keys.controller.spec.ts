import { ConfigModule, loadEnvironment } from '@aegis/config';
import { DatabaseModule } from '@aegis/database';
import { Logger, LoggingModule } from '@aegis/logging';
import { type Scope } from '@aegis/access';
import { AnyKey, createHttpApp, Identification, RespondsAsIs, HttpModule } from '@aegis/http';
import { IdempotencyModule } from '@aegis/idempotency';
import { Controller, Get, Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import request, { type Response } from 'supertest';
import { DataSource } from 'typeorm';
import { type TestDatabase, testDatabase } from '../../../../test/support/database/database';
import { ApiKey } from '../api-key.entity';
import { ApiKeysHttpModule } from '../api-keys-http.module';
import { ApiKeysModule } from '../api-keys.module';
import { ApiKeysService } from '../api-keys.service';
import { ApiKeyIdentification } from './api-key-identification';
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
    /** Without sessions, which are of another lib. */
    @Module({
      imports: [ApiKeysHttpModule],
      providers: [{ provide: Identification, useExisting: ApiKeyIdentification }],
      exports: [Identification],
    })
    class IdentificationModule {}
    @Module({
      imports: [
        ConfigModule.for(environment),
        LoggingModule.for(logger),
        DatabaseModule.for(database.applicationUrl),
        ApiKeysModule,
        ApiKeysHttpModule,
        IdempotencyModule,
        HttpModule.for({ imports: [IdentificationModule], accessGuard: ApiKeyGuard }),
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

  it('makes a key, shows it once, and accepts it', async () => {
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
      previous_valid_until: null,
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

  it('accepts null for optional fields, and the ends of every range', async () => {
    const every = [
      'licenses:read',
      'licenses:issue',
      'licenses:revoke',
      'licenses:validate',
      'activations:read',
      'activations:manage',
      'customers:read',
      'customers:write',
      'stats:read',
      'audit:read',
      'events:read',
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

  it('changes fields of a key, and answers with the changed key', async () => {
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
    // Uses are written now and then: they may be on record by now.
    const { last_used_at: _, usage_count: __, ...lasting } = record as Record<string, unknown>;
    expect((await get(`${ROUTE}/${id}`)).body).toMatchObject({
      ...lasting,
      previous_valid_until: expect.stringMatching(/^\d{4}-.*T.*\.\d{3}Z$/),
    });
    for (const secret of [key, second, third]) expect(logged).not.toContain(secret.slice(24));
  });

  describe('the grace of a rotated secret', () => {
    const rotated = async (): Promise<{ id: string; key: string; next: string }> => {
      const { id, key } = await made('api-keys:manage', 'licenses:read');
      const { body } = await rotate(id, { grace_seconds: 3600 });
      return { id, key, next: (body as { key: string }).key };
    };
    const at = async (id: string): Promise<{ body: Record<string, unknown>; etag: string }> => {
      const { body, headers } = await get(`${ROUTE}/${id}`);
      return { body: body as Record<string, unknown>, etag: headers.etag! };
    };

    it('shows in every answer about the key, on the page of keys and in its stream', async () => {
      const { id } = await rotated();
      const { body } = await at(id);
      const until = new Date(body.previous_valid_until as string).getTime() - Date.now();
      expect(until).toBeGreaterThan(3_000_000);
      expect(until).toBeLessThan(4_200_000);
      expect((await patch(id, { name: 'Other' })).body.previous_valid_until).toBe(body.previous_valid_until);
      const page = (await get(ROUTE)).body.api_keys as Record<string, unknown>[];
      expect(page.find((key) => key.id === id)).toMatchObject({
        previous_valid_until: body.previous_valid_until,
      });
      const { text } = await get(ROUTE).set('Accept', 'text/csv');
      const line = text.split('\r\n').find((one) => one.startsWith(id))!;
      expect(line.split(',')).toContain(body.previous_valid_until);
    });

    it('ends early when it is set to null, on record, and the new secret stays', async () => {
      const { id, key, next } = await rotated();
      const before = await at(id);
      const { status, body, headers } = await patch(id, { previous_valid_until: null });
      expect([status, body.previous_valid_until]).toEqual([200, null]);
      expect(headers.etag).not.toBe(before.etag);
      expect((await get('/probe', key)).status).toBe(401);
      expect((await get('/probe', next)).status).toBe(200);
      const [record] = await app
        .get(DataSource)
        .query(
          `SELECT event_data FROM audit_logs WHERE event_type = 'api_key.updated' AND event_data->>'id' = $1`,
          [id],
        );
      expect(record.event_data).toEqual({
        id,
        name: 'CI',
        fields: ['previous_valid_until'],
        previous_valid_until: null,
      });
      const again = await patch(id, { previous_valid_until: null });
      expect([again.status, again.headers.etag]).toEqual([200, headers.etag]);
    });

    it('is seen by If-None-Match when it ends by itself', async () => {
      const { id } = await rotated();
      const { etag } = await at(id);
      await app
        .get(DataSource)
        .query(`UPDATE api_keys SET previous_expires_at = clock_timestamp() WHERE id = $1`, [id]);
      const read = await get(`${ROUTE}/${id}`).set('If-None-Match', etag);
      expect([read.status, read.body.previous_valid_until]).toEqual([200, null]);
    });

    it.each(['2099-01-01T00:00:00Z', '2020-01-01T00:00:00Z', 0, false, ''])(
      'is not made longer or shorter: %j is refused',
      async (previous_valid_until) => {
        const { id, key } = await rotated();
        const { status, body } = await patch(id, { previous_valid_until });
        expect([status, body.errors]).toEqual([
          422,
          [{ field: 'previous_valid_until', message: 'must be null: a grace can be ended, not set' }],
        ]);
        expect((await get('/probe', key)).status).toBe(200);
      },
    );

    it('lets the old secret read, but create, change, rotate and delete no key', async () => {
      const { id, key, next } = await rotated();
      const other = await made('licenses:read');
      const count = (await get(ROUTE)).body.total as number;
      const attempts = (secret: string): request.Test[] => [
        rotate(id, { grace_seconds: 604_800 }, secret),
        rotate(other.id, {}, secret),
        post({ name: 'More', scopes: ['licenses:read'] }, secret),
        patch(id, { name: 'More' }, secret),
        patch(other.id, { is_active: false }, secret),
        remove(other.id, secret),
      ];
      for (const attempt of attempts(key)) {
        const { status, body } = await attempt;
        expect([status, body.code]).toEqual([403, 'insufficient_scope']);
        expect(body.detail).toBe(
          'The secret of the API key was replaced: only its new secret may create, change, rotate or delete keys.',
        );
      }
      expect((await get(ROUTE, key)).body.total).toBe(count);
      const statuses = [];
      for (const attempt of attempts(next).slice(1)) statuses.push((await attempt).status);
      expect(statuses).toEqual([200, 201, 200, 200, 204]);
    });

    it('binds an old secret of an admin key too', async () => {
      const { id, key } = await made('admin');
      await rotate(id, { grace_seconds: 3600 });
      expect((await rotate(id, {}, key)).status).toBe(403);
      expect((await post({ name: 'More', scopes: ['admin'] }, key)).status).toBe(403);
      expect((await remove(id)).status).toBe(204);
    });
  });

  describe('without admin, a key', () => {
    const SOON = '2098-01-01T00:00:00.000Z';
    const LATER = '2098-06-01T00:00:00.000Z';
    const SOONER = '2097-06-01T00:00:00.000Z';
    const bounded = async (scopes: Scope[], bounds: object): Promise<{ id: string; key: string }> => {
      const { status, body } = await post({ name: 'Bounded', scopes, ...bounds });
      expect(status).toBe(201);
      return body as { id: string; key: string };
    };
    const manager = (): Promise<{ id: string; key: string }> =>
      bounded(['api-keys:manage', 'licenses:read'], { expires_at: SOON, rate_limit_per_minute: 50 });
    const WITHIN = { expires_at: SOON, rate_limit_per_minute: 50 };

    it.each([
      [{ expires_at: LATER }, 'a later end'],
      [{ expires_at: null }, 'a later end'],
      [{ rate_limit_per_minute: 51 }, 'a higher limit'],
      // The server's limit is 100 per minute.
      [{ rate_limit_per_minute: null }, 'a higher limit'],
      [{ expires_at: LATER, rate_limit_per_minute: 1_000_000 }, 'a later end and a higher limit'],
    ])('cannot give %j to itself, to a new key or to another key', async (bounds, beyond) => {
      const { id, key } = await manager();
      const sibling = await bounded(['api-keys:manage', 'licenses:read'], WITHIN);
      for (const attempt of [
        patch(id, bounds, key),
        patch(sibling.id, bounds, key),
        post({ name: 'Child', scopes: ['licenses:read'], ...WITHIN, ...bounds }, key),
      ]) {
        const { status, body } = await attempt;
        expect([status, body.code, body.detail]).toEqual([
          403,
          'insufficient_scope',
          `The API key would get ${beyond} than the calling key has, which needs the scope admin.`,
        ]);
      }
      for (const one of [id, sibling.id]) expect((await get(`${ROUTE}/${one}`)).body).toMatchObject(WITHIN);
    });

    it.each([{ expires_at: LATER }, { expires_at: null }, { rate_limit_per_minute: 51 }])(
      'cannot rotate, activate or give a scope to a key with %j',
      async (bounds) => {
        const { key } = await manager();
        const stronger = await bounded(['licenses:read'], { ...WITHIN, ...bounds });
        expect((await rotate(stronger.id, {}, key)).status).toBe(403);
        expect((await patch(stronger.id, { scopes: ['licenses:read', 'api-keys:manage'] }, key)).status).toBe(
          403,
        );
        expect((await get('/probe', stronger.key)).status).toBe(200);
        // What makes it weaker is not refused.
        expect((await patch(stronger.id, { is_active: false }, key)).status).toBe(200);
        expect((await patch(stronger.id, { is_active: true }, key)).status).toBe(403);
        expect((await patch(stronger.id, { rate_limit_per_minute: 5, expires_at: SOONER }, key)).status).toBe(
          200,
        );
        expect((await patch(stronger.id, { is_active: true }, key)).status).toBe(200);
      },
    );

    it('can shorten itself, and make, extend and rotate keys that end no later than itself', async () => {
      const { id, key } = await manager();
      const child = await post(
        { name: 'Child', scopes: ['licenses:read'], expires_at: SOONER, rate_limit_per_minute: 10 },
        key,
      );
      expect(child.status).toBe(201);
      const childId = (child.body as { id: string }).id;
      expect((await patch(childId, WITHIN, key)).status).toBe(200);
      expect((await rotate(childId, {}, key)).status).toBe(200);
      expect((await patch(id, { expires_at: SOONER, rate_limit_per_minute: 49 }, key)).status).toBe(200);
      expect((await patch(id, { expires_at: SOON }, key)).status).toBe(403);
      expect((await rotate(childId, {}, key)).status).toBe(403);
      expect((await rotate(id, {}, key)).status).toBe(200);
    });

    it('that does not end may make others that do not end', async () => {
      const { key } = await made('api-keys:manage', 'licenses:read');
      expect((await post({ name: 'Child', scopes: ['licenses:read'] }, key)).status).toBe(201);
      expect(
        (await post({ name: 'Child', scopes: ['licenses:read'], rate_limit_per_minute: 101 }, key)).status,
      ).toBe(403);
    });
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

  it('accepts the key as a bearer token too, but not both headers at once', async () => {
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
      'previous_valid_until',
      'rate_limit_per_minute',
      'scopes',
      'usage_count',
    ]);
    expect((await get(`${ROUTE}?cursor=made-up`)).status).toBe(422);
    await remove(ids[0]!);
    expect((await get(ROUTE)).body.total).toBe(all.body.total - 1);
  });

  it('lists the keys that a key made, and the keys that those made, in one call, even if keys in between were deleted', async () => {
    const make = async (by: string): Promise<{ id: string; key: string }> => {
      const { status, body } = await post({ name: 'CI', scopes: ['api-keys:manage'] }, by);
      expect(status).toBe(201);
      return body as { id: string; key: string };
    };
    const leaked = await make(admin);
    const other = await make(admin);
    await make(other.key);
    const child = await make(leaked.key);
    const between = await make(leaked.key);
    const grandchild = await make(between.key);
    const last = await make(grandchild.key);
    expect((await remove(between.id)).status).toBe(204);
    expect((await remove(leaked.id)).status).toBe(204);
    const { status, body } = await get(`${ROUTE}?made_by=${leaked.id}&page_size=100`);
    expect(status).toBe(200);
    expect((body.api_keys as { id: string }[]).map(({ id }) => id)).toEqual([
      last.id,
      grandchild.id,
      child.id,
    ]);
    expect(body.total).toBe(3);
    expect((await get(`${ROUTE}?made_by=${last.id}`)).body.api_keys).toEqual([]);
    const stream = await get(`${ROUTE}?made_by=${leaked.id}`).set('Accept', 'application/x-ndjson');
    expect(stream.text.trimEnd().split('\n')).toHaveLength(3);
    const page = await get(`${ROUTE}?made_by=${leaked.id}&page_size=2`);
    expect((await get(`${ROUTE}?page_size=2&cursor=${page.body.next_cursor}`)).status).toBe(422);
    const refused = await get(`${ROUTE}?made_by=api_key:${leaked.id}`);
    expect([refused.status, refused.body.errors]).toEqual([
      422,
      [{ field: 'made_by', message: 'must be 12 of 0-9 A-Z a-z' }],
    ]);
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
