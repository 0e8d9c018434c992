import { Body, Controller, Post } from '@nestjs/common';
import { IsInt, IsOptional, IsString, MaxLength } from 'class-validator';
import request from 'supertest';
import { RespondsAsIs } from '../../answers/responds';
import { AnyKey, Public, RequireScopes } from '../../callers/route-access';
import { ListOf } from './body-bounds';
import { BodyLimit } from './body-rules';
import { exchange } from '../../../../../test/support/requests/raw-http';
import { startTestApp, type TestApp } from '../../http-app.fixture';

class ItemDto {
  @IsString()
  @MaxLength(5)
  token!: string;
}

class ThingDto {
  @IsString()
  name!: string;

  @IsOptional()
  @IsInt()
  count?: number;

  @IsOptional()
  @ListOf(ItemDto, { min: 0, max: 200 })
  items?: ItemDto[];
}

@Controller('things')
class ThingsController {
  @Post()
  @AnyKey()
  @RespondsAsIs('application/json')
  make(@Body() thing: ThingDto): object {
    return { made: thing.name.length, name: thing.name, isThing: thing instanceof ThingDto };
  }

  @Post('large')
  @AnyKey()
  @BodyLimit(100 * 1024)
  @RespondsAsIs('application/json')
  makeLarge(@Body() thing: ThingDto): object {
    return { made: thing.name.length };
  }

  @Post('unchecked')
  @AnyKey()
  @RespondsAsIs('application/json')
  unchecked(@Body() thing: object): object {
    return thing;
  }

  @Post('public')
  @Public()
  @RespondsAsIs('application/json')
  makePublic(@Body() thing: ThingDto): object {
    return { made: thing.name.length };
  }

  @Post('emptied')
  @AnyKey()
  @RespondsAsIs('application/json')
  empty(): object {
    return {};
  }

  @Post('closed')
  @RequireScopes('licenses:issue')
  @RespondsAsIs('application/json')
  closed(@Body() thing: ThingDto): object {
    return { made: thing.name.length };
  }
}

describe('bodies', () => {
  let testApp: TestApp;

  beforeAll(async () => {
    testApp = await startTestApp([ThingsController], { RATE_LIMIT_PUBLIC: '100000' });
  });

  afterAll(() => testApp.app.close());

  const send = (body: string | Buffer, type = 'application/json', path = '/things') =>
    request(testApp.url)
      .post(path)
      .set('Content-Type', type)
      .serialize((data) => data as string)
      .send(body);

  const sized = (bytes: number) => `{"name":"${'a'.repeat(bytes - 11)}"}`;

  it('hands a validated object to the handler', async () => {
    const answer = await send('{"name":"Zoë 🦊 \\ud83e\\udd8a"}', 'application/json; charset=UTF-8').expect(
      200,
    );
    expect(answer.body).toMatchObject({ name: 'Zoë 🦊 🦊', isThing: true });
  });

  it('takes 64 KiB, and not a byte more', async () => {
    const answer = await send(sized(65_536)).expect(200);
    expect(answer.body.made).toBe(65_525);
    const refused = await send(sized(65_537));
    expect([refused.status, refused.body.code]).toEqual([413, 'payload_too_large']);
    expect(refused.body.detail).toContain('65536 bytes');
  });

  it('measures a body that comes in chunks', async () => {
    const answer = await fetch(`${testApp.url}/things`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: new Blob([sized(65_537)]).stream(),
      duplex: 'half',
    });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ code: 'payload_too_large' });
  });

  it('takes more where the route says so', async () => {
    await send(sized(102_400), 'application/json', '/things/large').expect(200);
    await send(sized(102_401), 'application/json', '/things/large').expect(413);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'text/json',
    '',
  ])('answers 415 for a body of type "%s"', async (type) => {
    const answer = await fetch(`${testApp.url}/things`, {
      method: 'POST',
      headers: { 'Content-Type': type },
      body: Buffer.from('{"name":"a"}'),
    });
    expect(answer.status).toBe(415);
    expect(await answer.json()).toMatchObject({ code: 'unsupported_media_type' });
  });

  it.each([
    ['application/json; charset=utf8', '{"name":"abc"}'],
    ['application/json;charset="UTF8"', '{"name":"abc"}'],
    ['application/json; charset=us-ascii', '{"name":"abc"}'],
    ['application/json; odata=verbose; charset=utf-8', '{"name":"abc"}'],
    ['application/json;', '{"name":"abc"}'],
    ['', '{"name":"abc"}'],
    ['application/json', '\ufeff{"name":"abc"}'],
  ])('of a public route it takes type "%s" and body %j; of others it does not', async (type, body) => {
    const post = (path: string): Promise<Response> =>
      fetch(testApp.url + path, {
        method: 'POST',
        headers: { 'Content-Type': type },
        body: Buffer.from(body),
      });
    const answer = await post('/things/public');
    expect([answer.status, await answer.json()]).toEqual([200, { made: 3 }]);
    expect((await post('/things')).status).toBe(type === 'application/json' ? 400 : 415);
  });

  it.each([
    'application/json; charset=latin1',
    'application/json; charset=utf-16; charset=utf-8',
    'text/json',
  ])('answers 415 for a body of type "%s" on a public route too', async (type) => {
    const answer = await fetch(`${testApp.url}/things/public`, {
      method: 'POST',
      headers: { 'Content-Type': type },
      body: Buffer.from('{"name":"a"}'),
    });
    expect(answer.status).toBe(415);
  });

  it('answers 415 for a compressed body', async () => {
    const answer = await send('{"name":"a"}').set('Content-Encoding', 'gzip');
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it.each([
    ['no JSON', '{"name":canary}'],
    ['a comma too many', '{"name":"canary",}'],
    ['a byte order mark', '\ufeff{"name":"canary"}'],
    ['a bare NUL', '{"name":"canary\u0000"}'],
    ['a doubled name', '{"name":"canary","name":"b"}'],
    ['a doubled name, once escaped', '{"name":"canary","n\\u0061me":"b"}'],
    ['a doubled name far inside', '{"name":"canary","items":[{"token":"a","token":"b"}]}'],
    ['33 levels', `{"name":${'['.repeat(32)}${']'.repeat(32)}}`],
    ['a depth bomb', '['.repeat(60_000)],
  ])('answers 400 for %s, without repeating it', async (_what, body) => {
    const answer = await send(body);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    expect(answer.text).not.toContain('canary');
  });

  it.each([
    ['a stray byte', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    [
      'an overlong slash',
      Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
    ],
    [
      'an encoded surrogate',
      Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
    ],
  ])('answers 400 for bytes that are not UTF-8: %s', async (_what, body) => {
    const answer = await fetch(`${testApp.url}/things`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'invalid_request' });
  });

  it.each([
    ['NUL', '{"name":"a\\u0000b"}', 'name'],
    ['half a surrogate pair', '{"name":"\\ud800"}', 'name'],
    ['the other half', '{"name":"a\\udc00b"}', 'name'],
    ['NUL in an item', '{"name":"a","items":[{"token":"a"},{"token":"\\u0000"}]}', 'items.1.token'],
  ])('answers 422 for %s and names the field', async (_what, body, field) => {
    const answer = await send(body);
    expect([answer.status, answer.body.code]).toEqual([422, 'validation_failed']);
    expect(answer.body.errors).toEqual([{ field, message: 'must not contain NUL or unpaired surrogates' }]);
  });

  it('answers 422 for half a surrogate pair in a name', async () => {
    const answer = await send('{"name":"a","x\\ud800":1}');
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([
      { field: 'x\ufffd', message: 'must not contain NUL or unpaired surrogates' },
    ]);
  });

  it.each(['__proto__', 'constructor', 'prototype'])(
    'refuses the field %s and gives it to nobody',
    async (name) => {
      const answer = await send(`{"name":"a","${name}":{"isAdmin":true}}`);
      expect(answer.status).toBe(422);
      expect(answer.body.errors).toEqual([{ field: name, message: 'is not a known field' }]);
      expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
    },
  );

  it('names all broken rules at once, nested ones by path, and repeats no value', async () => {
    const answer = await send(
      '{"count":"canary","extra":"canary","items":[{"token":"a"},{"token":"canary-too-long","more":1}]}',
    );
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual(
      expect.arrayContaining([
        { field: 'name', message: 'is required' },
        { field: 'count', message: 'must be an integer number' },
        { field: 'extra', message: 'is not a known field' },
        { field: 'items.1.token', message: 'must be shorter than or equal to 5 characters' },
        { field: 'items.1.more', message: 'is not a known field' },
      ]),
    );
    expect(answer.body.errors).toHaveLength(5);
    expect(answer.text).not.toContain('canary');
  });

  it.each(['[]', '"text"', '7', 'null', 'true'])('answers 422 when the body is %s', async (body) => {
    const answer = await send(body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([{ field: 'body', message: 'must be a JSON object' }]);
  });

  it('answers 422 for the missing fields of a missing body', async () => {
    const answer = await request(testApp.url).post('/things');
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([{ field: 'name', message: 'is required' }]);
  });

  it('gives a handler no body that nothing has checked', async () => {
    await send('{"name":"a"}', 'application/json', '/things/unchecked').expect(500);
  });

  it.each([
    ['{"name":"a","items":[[]]}', ['items.0']],
    ['{"name":"a","items":[{"token":"a"},[{"token":"b"}]]}', ['items.1']],
    ['{"name":"a","items":[[[]],[]]}', ['items.0', 'items.1']],
  ])('refuses a list where an object of a list should be: %s', async (body, fields) => {
    const answer = await send(body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual(fields.map((field) => ({ field, message: 'must not be a list' })));
  });

  it('converts no type', async () => {
    const answer = await send('{"name":7,"count":"7"}');
    expect(answer.body.errors).toEqual([
      { field: 'name', message: 'must be a string' },
      { field: 'count', message: 'must be an integer number' },
    ]);
  });

  it.each(['{', 'x'.repeat(100_000)])('reads none that no route takes', async (body) => {
    const answer = await send(body, 'text/plain', '/things/emptied');
    expect([answer.status, answer.body]).toEqual([200, {}]);
  });

  it('treats chunks without content as no body', async () => {
    const answer = await exchange(
      testApp.url,
      'POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    expect(answer?.body).toMatchObject({ errors: [{ field: 'name', message: 'is required' }] });
  });

  it('does not read the body of a refused caller', async () => {
    const answer = await send('{"no json', 'application/json', '/things/closed').set('X-Refuse', 'yes');
    expect(answer.status).toBe(403);
  });
});
