import { Controller, Get } from '@nestjs/common';
import { Expose, Transform, Type } from 'class-transformer';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import request from 'supertest';
import { AnyKey, Public } from '../callers/route-access';
import { CacheControl, NoStore, Responds, RespondsAsIs, RespondsNothing } from './responds';
import { startTestApp, type TestApp } from '../http-app.fixture';

class OwnerDto {
  @Expose()
  id!: string;
}

class ThingDto {
  @Expose()
  id!: string;

  @Expose()
  created_at!: Date;

  @Expose()
  gone_at!: Date | null;

  @Expose()
  @Type(() => OwnerDto)
  owner!: OwnerDto | null;

  @Expose()
  @Transform(({ obj }: { obj: ThingDto }) => obj.event_data)
  event_data!: object;

  @Expose()
  tags!: string[];
}

const entity = {
  id: '1',
  key_hash: 'canary',
  created_at: new Date(Date.UTC(2026, 1, 3, 19, 12, 10)),
  gone_at: null,
  owner: { id: 'o', password: 'canary' },
  event_data: { changed: ['name'], nested: { deep: [1, { x: true }] } },
  tags: ['a', 'b'],
};

@Controller('things')
@AnyKey()
class ThingsController {
  @Get('one')
  @NoStore()
  @Responds(ThingDto)
  one(): unknown {
    return entity;
  }

  @Get('many')
  @Responds(ThingDto, { isArray: true })
  many(): unknown {
    return [entity, { ...entity, id: '2', owner: null }];
  }

  @Get('prebuilt')
  @Responds(OwnerDto, { prebuilt: true })
  prebuilt(): OwnerDto {
    return { id: 'o' };
  }

  @Get('undeclared')
  undeclared(): unknown {
    return entity;
  }

  @Get('undeclared-text')
  undeclaredText(): unknown {
    return 'canary';
  }

  @Get('broken')
  @Responds(ThingDto)
  broken(): unknown {
    return null;
  }

  @Get('nothing')
  @RespondsNothing()
  nothing(): void {
    return;
  }

  @Get('nothing-but')
  @RespondsNothing()
  nothingBut(): unknown {
    return entity;
  }

  @Get('text')
  @RespondsAsIs('text/plain; charset=utf-8')
  text(): string {
    return 'as it is';
  }
}

@Controller('open')
class OpenController {
  @Get()
  @Public()
  @Responds(OwnerDto, { prebuilt: true })
  open(): OwnerDto {
    return { id: 'o' };
  }

  @Get('cached')
  @Public()
  @CacheControl('public, max-age=60')
  @Responds(OwnerDto, { prebuilt: true })
  cached(): OwnerDto {
    return { id: 'o' };
  }

  @Get('health')
  @Public({ ignoreCredentials: true })
  @Responds(OwnerDto, { prebuilt: true })
  health(): OwnerDto {
    return { id: 'o' };
  }
}

describe('answers', () => {
  let testApp: TestApp;

  beforeAll(async () => {
    testApp = await startTestApp([ThingsController, OpenController]);
  });

  afterAll(() => testApp.app.close());

  const wire = {
    id: '1',
    created_at: '2026-02-03T19:12:10.000Z',
    gone_at: null,
    owner: { id: 'o' },
    event_data: { changed: ['name'], nested: { deep: [1, { x: true }] } },
    tags: ['a', 'b'],
  };

  it('have only the exposed fields, with whole JSON columns and with times in UTC with milliseconds', async () => {
    const answer = await request(testApp.url).get('/things/one').expect(200);
    expect(answer.body).toEqual(wire);
    expect(answer.text).not.toContain('canary');
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it.each([
    ['/things/many', {}, 'no-store'],
    ['/things/prebuilt', {}, 'no-store'],
    ['/things/nothing', {}, 'no-store'],
    ['/things/text', {}, 'no-store'],
    ['/open', {}, undefined],
    ['/open', { 'X-API-Key': 'x' }, 'no-store'],
    ['/open', { Authorization: 'Bearer x' }, 'no-store'],
    ['/open/cached', {}, 'public, max-age=60'],
    ['/open/health', { 'X-API-Key': 'x' }, undefined],
  ])('stay out of caches if they are only for the caller: %s %j', async (route, headers, expected) => {
    const answer = await request(testApp.url).get(route).set(headers);
    expect(answer.headers['cache-control']).toBe(expected);
  });

  it('map lists item by item', async () => {
    const answer = await request(testApp.url).get('/things/many').expect(200);
    expect(answer.body).toEqual([wire, { ...wire, id: '2', owner: null }]);
  });

  it.each(['undeclared', 'undeclared-text', 'nothing-but', 'broken'])(
    'are not given for a handler that does not keep to its declaration: %s',
    async (route) => {
      const answer = await request(testApp.url).get(`/things/${route}`);
      expect([answer.status, answer.body.code]).toEqual([500, 'internal_error']);
      expect(answer.text).not.toContain('canary');
    },
  );

  it.each(['one', 'many', 'prebuilt', 'broken', 'missing'])(
    'end with a line feed where they are JSON, of which their length and type know: %s',
    async (route) => {
      const answer = await request(testApp.url).get(`/things/${route}`);
      expect(answer.text).toMatch(/[}\]]\n$/);
      const length = answer.headers['content-length'];
      if (length !== undefined) expect(Number(length)).toBe(Buffer.byteLength(answer.text));
      expect(answer.headers['content-type']).toMatch(/^application\/(problem\+)?json/);
    },
  );

  it('are sent unchanged if the handler builds them', async () => {
    expect((await request(testApp.url).get('/things/prebuilt').expect(200)).body).toEqual({ id: 'o' });
  });

  it('may be empty or of another type where that is declared', async () => {
    const nothing = await request(testApp.url).get('/things/nothing');
    expect([nothing.status, nothing.text]).toEqual([204, '']);
    const text = await request(testApp.url).get('/things/text').set('Accept', 'text/plain');
    expect([text.status, text.text, text.headers['content-type']]).toEqual([
      200,
      'as it is',
      'text/plain; charset=utf-8',
    ]);
    await request(testApp.url).get('/things/text').set('Accept', 'application/json').expect(406);
  });

  it('of a public route come in the type that it has, no matter what Accept says', async () => {
    await request(testApp.url).get('/open').set('Accept', 'image/png').expect(200);
  });
});

describe('the list of steps at the top of answer-body.ts', () => {
  it('names each file of the folder', () => {
    const [steps] = readFileSync(join(__dirname, 'answer-body.ts'), 'utf8').split('*/');
    const files = readdirSync(__dirname).filter((file) => !file.endsWith('.spec.ts'));
    expect(files.filter((file) => !steps?.includes(file))).toEqual([]);
  });
});
