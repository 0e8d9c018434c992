import { CUSTOMER_ID_RULE, UUID_RULE } from '@aegis/field-rules';
import { Controller, Get, Query } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Expose } from 'class-transformer';
import request from 'supertest';
import { AnyKey } from '../callers/route-access';
import { QueryBoolean, QueryTimestamp } from '../input/input-fields';
import { PageQueryDto } from '../input/page-query.dto';
import { PathId } from '../input/path-id';
import { PageDto, pageOf, type Page } from './page.dto';
import { Responds, RespondsAsIs } from './responds';
import { startTestApp, type TestApp } from '../http-app.fixture';

class ThingDto {
  @Expose()
  id!: string;
}

class ThingQueryDto extends PageQueryDto {
  @Expose()
  @QueryBoolean()
  is_active?: boolean;

  @Expose()
  @QueryTimestamp()
  since?: Date;
}

@Controller()
@AnyKey()
class ThingsController {
  @Get('things')
  @Responds(PageDto(ThingDto, 'things'))
  list(@Query() query: ThingQueryDto): Page<unknown, 'things'> {
    return pageOf('things', query, { rows: [{ id: 'a', secret: 'canary' }], total: 101, nextCursor: 'next' });
  }

  @Get('estimated')
  @Responds(PageDto(ThingDto, 'things'))
  estimated(@Query() query: ThingQueryDto): Page<unknown, 'things'> {
    return pageOf('things', query, { rows: [], total: 200_000, totalIsEstimate: true, nextCursor: null });
  }

  @Get('echo')
  @RespondsAsIs('application/json')
  echo(@Query() query: ThingQueryDto): object {
    return Object.assign(query, { sinceIsDate: query.since instanceof Date });
  }

  @Get('uuid/:id')
  @RespondsAsIs('application/json')
  byUuid(@PathId(UUID_RULE) id: string): object {
    return { id };
  }

  @Get('customer/:customer_id')
  @RespondsAsIs('application/json')
  byPattern(
    @PathId(CUSTOMER_ID_RULE, { name: 'customer_id' })
    id: string,
  ): object {
    return { id };
  }
}

describe('lists and parameters', () => {
  let testApp: TestApp;

  beforeAll(async () => {
    testApp = await startTestApp([ThingsController], { RATE_LIMIT_PUBLIC: '100000' });
  });

  afterAll(() => testApp.app.close());

  const get = (path: string) => request(testApp.url).get(path);

  it('answers a page of exposed rows with all fields of the contract', async () => {
    const { body } = await get('/things').expect(200);
    expect(body).toEqual({
      things: [{ id: 'a' }],
      total: 101,
      page: 1,
      page_size: 50,
      total_pages: 3,
      next_cursor: 'next',
    });
  });

  it('marks an estimated total, and a page that a cursor led to', async () => {
    expect((await get('/things?cursor=abc&page_size=100')).body).toMatchObject({
      page: null,
      total_pages: 2,
    });
    expect((await get('/estimated')).body).toMatchObject({ total_is_estimate: true, next_cursor: null });
  });

  it('converts what a parameter declares', async () => {
    const { body } = await get(
      '/echo?page=2&page_size=100&is_active=false&since=2026-02-03T20:12:10%2B01:00',
    );
    expect(body).toMatchObject({
      page: 2,
      page_size: 100,
      is_active: false,
      since: '2026-02-03T19:12:10.000Z',
      sinceIsDate: true,
    });
  });

  it.each([
    ['page=0', 'page', 'must be a whole number from 1 to 1000000000'],
    ['page=-1', 'page', 'must be a whole number from 1 to 1000000000'],
    ['page=1.5', 'page', 'must be a whole number from 1 to 1000000000'],
    ['page=1e3', 'page', 'must be a whole number from 1 to 1000000000'],
    ['page=', 'page', 'must be a whole number from 1 to 1000000000'],
    ['page=0x10', 'page', 'must be a whole number from 1 to 1000000000'],
    ['page_size=0', 'page_size', 'must be a whole number from 1 to 100'],
    ['page_size=101', 'page_size', 'must be a whole number from 1 to 100'],
    ['page_size=NaN', 'page_size', 'must be a whole number from 1 to 100'],
    ['is_active=1', 'is_active', 'must be true or false'],
    ['is_active=TRUE', 'is_active', 'must be true or false'],
    ['since=yesterday', 'since', 'must be an RFC 3339 time with offset, like 2026-02-03T19:12:10Z'],
    [
      'since=2026-02-30T00:00:00Z',
      'since',
      'must be an RFC 3339 time with offset, like 2026-02-03T19:12:10Z',
    ],
    ['page=2&cursor=abc', 'page', 'must not be given together with cursor'],
    ['page=1&page=1', 'page', 'must be given once'],
    ['is_active=true&is_active=false', 'is_active', 'must be given once'],
    ['cursor=a&cursor=b', 'cursor', 'must be given once'],
    ['unheard=of', 'unheard', 'is not a known parameter'],
    ['__proto__=1', '__proto__', 'is not a known parameter'],
    ['constructor=1', 'constructor', 'is not a known parameter'],
    ['page[a]=1', 'page[a]', 'is not a known parameter'],
    ['cursor=%00', 'cursor', 'must not contain NUL or unpaired surrogates'],
  ])('refuses ?%s', async (query, field, message) => {
    const { status, body } = await get(`/echo?${query}`);
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors).toEqual([{ field, message }]);
  });

  it('names all broken parameters at once', async () => {
    const { body } = await get('/echo?page=0&page_size=101&unheard=of');
    const { errors } = body as { errors: { field: string }[] };
    expect(errors.map(({ field }) => field).sort()).toEqual(['page', 'page_size', 'unheard']);
  });

  it.each([
    ['page=200', 200],
    ['page=201', 422],
    ['page=10000&page_size=1', 200],
    ['page=10001&page_size=1', 422],
    ['page=1000000000', 422],
  ])('walks to 10,000 rows by page: %s', async (query, status) => {
    const answer = await get(`/things?${query}`);
    expect(answer.status).toBe(status);
    if (status === 422)
      expect(answer.body.errors[0]).toMatchObject({
        field: 'page',
        message: expect.stringContaining('cursor=<next_cursor>'),
      });
  });

  it('refuses parameters on a route that has none', async () => {
    const { status, body } = await get('/customer/a?x=1');
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ field: 'x', message: 'is not a known parameter' }]);
    await get('/customer/a?').expect(200);
  });

  it('gives UUIDs to the handler in lower case', async () => {
    const { body } = await get('/uuid/0199F2C4-0000-7000-8000-00000000ABCD').expect(200);
    expect(body.id).toBe('0199f2c4-0000-7000-8000-00000000abcd');
  });

  it.each([
    ['/uuid/1', 'id', 'must be a UUID'],
    ['/uuid/0199f2c4-0000-7000-8000-00000000abcd%0a', 'id', 'must be a UUID'],
    ['/uuid/0199f2c4-0000-7000-8000-00000000abcg', 'id', 'must be a UUID'],
    ['/customer/a%00b', 'customer_id', 'must be 1 to 50 of A-Z a-z 0-9 - _'],
    ['/customer/a%0A', 'customer_id', 'must be 1 to 50 of A-Z a-z 0-9 - _'],
    ['/customer/a%2Fb', 'customer_id', 'must be 1 to 50 of A-Z a-z 0-9 - _'],
    [`/customer/${'a'.repeat(51)}`, 'customer_id', 'must be 1 to 50 of A-Z a-z 0-9 - _'],
    ['/customer/%F0%9F%A6%8A', 'customer_id', 'must be 1 to 50 of A-Z a-z 0-9 - _'],
  ])('refuses the id in %s', async (path, field, message) => {
    const { status, body } = await get(path);
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ field, message }]);
  });

  it('writes the page into the OpenAPI document under its own name', () => {
    const { components } = SwaggerModule.createDocument(testApp.app, new DocumentBuilder().build());
    expect(components?.schemas?.ThingPageDto).toMatchObject({
      properties: {
        things: { type: 'array', items: { $ref: '#/components/schemas/ThingDto' } },
        next_cursor: { type: 'string', nullable: true },
      },
      required: ['total', 'page', 'page_size', 'total_pages', 'next_cursor', 'things'],
    });
  });
});
