import { ConfigurationError, FieldErrors } from '@aegis/errors';
import { Body, Controller, Get, Post, Query, type Type } from '@nestjs/common';
import { Transform, Type as TypeOf } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  registerDecorator,
  ValidateNested,
} from 'class-validator';
import { RespondsAsIs } from '../answers/responds';
import { Public } from '../callers/route-access';
import { jsonBoundsOf, ListOf, ObjectOf } from './body/body-bounds';
import { assertEveryBodyIsBounded } from './body/body-check';
import { FreeNames } from './free-names';
import { PageQueryDto } from './page-query.dto';
import type { Answer } from '../../../../test/support/contract/answer';
import { connectTo, exchange } from '../../../../test/support/requests/raw-http';
import { startTestApp, type TestApp } from '../http-app.fixture';

/** What answers may be at most, whatever was sent. */
const MOST_BYTES = 64 * 1024;

const looked = { transformed: 0, validated: 0 };
const made = { large: 0 };

function Looks(): PropertyDecorator {
  return (target, property) => {
    Transform(({ value }: { value: unknown }) => {
      looked.transformed++;
      return value;
    })(target, property);
    registerDecorator({
      name: 'looks',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value: unknown) => {
          looked.validated++;
          return typeof value === 'string';
        },
        defaultMessage: () => 'must be a string',
      },
    });
  };
}

class ItemDto {
  @Looks()
  token!: string;
}

class SizeDto {
  @IsInt()
  @Max(9)
  width!: number;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(3)
  @IsString({ each: true })
  units?: string[];
}

class BoxDto {
  @IsOptional()
  @ObjectOf(SizeDto, { nullable: true })
  size?: SizeDto | null;
}

class ThingsDto {
  @ListOf(ItemDto, { min: 1, max: 1_000 })
  items!: ItemDto[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(12)
  @IsIn(['a', 'b'], { each: true })
  kinds?: string[];

  @IsOptional()
  @IsString()
  name?: string;

  @IsOptional()
  @IsInt()
  @Max(3)
  count?: number;
}

@Controller('things')
@Public()
class ThingsController {
  @Post()
  @RespondsAsIs('application/json')
  make(@Body() { items }: ThingsDto): object {
    return { made: items.length, first: items[0] instanceof ItemDto };
  }

  @Post('boxes')
  @RespondsAsIs('application/json')
  pack(@Body() { size }: BoxDto): object {
    return { size, isMade: size instanceof SizeDto };
  }

  @Get()
  @RespondsAsIs('application/json')
  list(@Query() query: PageQueryDto): object {
    return query;
  }

  @Get('large')
  @RespondsAsIs('text/plain')
  large(): string {
    made.large++;
    return 'x'.repeat(4_000_000);
  }

  @Get(':id')
  @RespondsAsIs('application/json')
  find(): object {
    return {};
  }
}

const jsonOf = (value: unknown): string => JSON.stringify(value);
const listOf = (length: number, item: unknown): unknown[] => Array.from({ length }, () => item);

describe('what a request can make the server say', () => {
  let testApp: TestApp;

  beforeAll(async () => {
    testApp = await startTestApp([ThingsController], {
      RATE_LIMIT_PUBLIC: '1000000',
      RATE_LIMIT_DEFAULT: '1000000',
    });
  });
  afterAll(() => testApp.app.close());
  beforeEach(() => {
    looked.transformed = looked.validated = 0;
  });

  async function send(target: string, headers: readonly string[], body?: string): Promise<Answer> {
    const bytes = Buffer.from(body ?? '');
    const head = [
      `${body === undefined ? 'GET' : 'POST'} ${target} HTTP/1.1`,
      'Host: x',
      ...(body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${bytes.length}`]),
      ...headers,
    ];
    const answer = await exchange(
      testApp.url,
      Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]),
    );
    if (answer === undefined) throw new Error('closed without an answer');
    return answer;
  }
  const post = (body: string): Promise<Answer> => send('/things', [], body);

  /** Names that take six bytes a character where they are repeated. */
  const control = '\\u0001'.repeat(64);
  const bodies: [string, string][] = [
    ['one long name over a thousand bad elements', `{"${'x'.repeat(55_000)}":${jsonOf(listOf(1_000, 1))}}`],
    ['a long name that is escaped', `{"${'\\u0061'.repeat(9_000)}":1}`],
    ['a thousand bad items', jsonOf({ items: listOf(1_000, {}) })],
    ['a thousand items that are not objects', jsonOf({ items: listOf(1_000, 1) })],
    ['items with unknown fields', jsonOf({ items: listOf(900, { ['y'.repeat(64)]: 1 }) })],
    [
      'unknown fields that must be escaped',
      `{${Array.from({ length: 95 }, (_, index) => `"${control.slice(12)}${String(index).padStart(2, '0')}":1`).join()}}`,
    ],
    [
      'reserved names deep inside',
      `${`{"${'n'.repeat(64)}":`.repeat(30)}{"__proto__":1,"constructor":1,"toString":1}${'}'.repeat(30)}`,
    ],
    ['NUL in every element', jsonOf({ items: listOf(1_000, '\0') })],
    ['NUL in a list under long names', `{"${control}":{"${control}":${jsonOf(listOf(95, '\0'))}}}`],
    [
      'a long value for every rule',
      jsonOf({ name: 'z'.repeat(60_000), kinds: 'z', count: 1e300, items: [] }),
    ],
  ];
  it.each(bodies)('is at most 64 KiB to %s', async (_what, body) => {
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(64 * 1024);
    const answer = await post(body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors.length).toBeGreaterThanOrEqual(1);
    expect(answer.body.errors.length).toBeLessThanOrEqual(100);
    for (const { field, message } of answer.body.errors) {
      expect(field.length).toBeLessThanOrEqual(200);
      expect(message.length).toBeLessThanOrEqual(500);
    }
    expect(Number(answer.headers.get('content-length') ?? jsonOf(answer.body).length)).toBeLessThan(
      MOST_BYTES,
    );
  });

  it.each([
    ['a long path', `/things/${'x'.repeat(15_000)}/y`, 404],
    ['a long path that must be escaped', `/things/${'"\\'.repeat(7_000)}/y`, 404],
    [
      'hundreds of parameters',
      `/things?${Array.from({ length: 2_000 }, (_, n) => `p${n}=1`).join('&')}`,
      422,
    ],
    ['one parameter, thousands of times', `/things?${'page=1&'.repeat(2_000)}`, 422],
    ['a long name', `/things?${'x'.repeat(15_000)}=1`, 422],
    ['a long name where there are no parameters', `/things/1?${'x'.repeat(15_000)}=1`, 200],
    ['a long value', `/things?page=${'1'.repeat(15_000)}`, 422],
    [
      'names that must be escaped',
      `/things?${listOf(49, '%01'.repeat(60))
        .map((name, n) => `${String(name)}${n}=1`)
        .join('&')}`,
      422,
    ],
  ])('is at most 64 KiB to %s in the target', async (_what, target, status) => {
    const answer = await send(target, []);
    expect(answer.status).toBe(status);
    expect(jsonOf(answer.body).length).toBeLessThan(MOST_BYTES / 2);
    if (status !== 200) expect(answer.body.instance.length).toBeLessThanOrEqual(1_024);
  });

  it('counts parameters and measures their names before it reads their values', async () => {
    const parameters = (count: number): string =>
      Array.from({ length: count }, (_, n) => `p${n}=%`).join('&');
    expect((await send(`/things?${parameters(51)}`, [])).body.errors).toEqual([
      { field: 'query', message: 'must have no more than 50 parameters' },
    ]);
    expect((await send(`/things?${parameters(50)}`, [])).status).toBe(400);
    expect((await send(`/things?${'x'.repeat(65)}=%`, [])).body.errors).toEqual([
      { field: `${'x'.repeat(63)}…`, message: 'is longer than any known parameter' },
    ]);
    expect((await send(`/things?${'x'.repeat(64)}=%`, [])).status).toBe(400);
  });

  it('says that there were more errors than it names', async () => {
    const many = await post(jsonOf({ items: listOf(101, {}) }));
    expect(many.body.detail).toMatch(/more rules than one answer names/);
    expect(many.body.errors).toHaveLength(100);
    const all = await post(jsonOf({ items: listOf(100, {}) }));
    expect(all.body.detail).not.toMatch(/than one answer names/);
    expect(all.body.errors).toHaveLength(100);
  });

  it('takes fields as long as 64 characters for names, and no longer ones', async () => {
    const known = await post(`{"items":[{"token":"a"}],"${'k'.repeat(64)}":1}`);
    expect(known.body.errors).toEqual([{ field: 'k'.repeat(64), message: 'is not a known field' }]);
    for (const [name, shown] of [
      ['k'.repeat(65), `${'k'.repeat(63)}…`],
      ['\\u006b'.repeat(64) + 'k', expect.stringMatching(/^\\u006b.{57}…$/)],
      ['\\t' + 'k'.repeat(64), `\t${'k'.repeat(62)}…`],
    ]) {
      const answer = await post(`{"items":[{"token":"a"}],"${name}":1}`);
      expect(answer.body.errors).toEqual([{ field: shown, message: 'is longer than any known field' }]);
    }
    expect((await post(`{"items":[{"token":"a"}],"${'\\u006b'.repeat(64)}":1}`)).body.errors).toEqual([
      { field: 'k'.repeat(64), message: 'is not a known field' },
    ]);
  });

  describe('without reading what is refused anyway', () => {
    it.each([
      ['items', { items: listOf(1_001, {}) }, 'items', 'must contain no more than 1000 elements'],
      [
        'a list of texts',
        { kinds: listOf(13, 1), items: [] },
        'kinds',
        'must contain no more than 12 elements',
      ],
      [
        'a list that no field holds',
        { other: listOf(101, 1) },
        'other',
        'must contain no more than 100 elements',
      ],
      [
        'a list within a list',
        { items: [{ token: 'a' }, { token: listOf(101, 1) }] },
        'items.1.token',
        'must contain no more than 100 elements',
      ],
      [
        'fields of an object',
        { items: [{ token: 'a' }, Object.fromEntries(listOf(101, 1).map((one, n) => [`f${n}`, one]))] },
        'items.1',
        'must contain no more than 100 fields',
      ],
      ['a body that is a list', listOf(101, 1), 'body', 'must be a JSON object'],
    ])('counts %s', async (_what, body, field, message) => {
      const answer = await post(jsonOf(body));
      expect([answer.status, answer.body.errors]).toEqual([422, [{ field, message }]]);
      expect(looked).toEqual({ transformed: 0, validated: 0 });
    });

    it('stops at the bound, even if what follows is not JSON', async () => {
      for (const element of ['{}', '[]', '1', '{"token":[1,2]}']) {
        const answer = await post(`{"items":[${`${element},`.repeat(1_001)}`);
        expect(answer.body.errors).toEqual([
          { field: 'items', message: 'must contain no more than 1000 elements' },
        ]);
      }
    });

    it('counts a list whose name is escaped as the same list', async () => {
      const items = jsonOf(listOf(1_000, { token: 'a' }));
      expect((await post(`{"it\\u0065ms":${items}}`)).body).toEqual({ made: 1_000, first: true });
      const answer = await post(`{"it\\u0065ms":${items.slice(0, -1)},{}]}`);
      expect(answer.body.errors).toEqual([
        { field: 'items', message: 'must contain no more than 1000 elements' },
      ]);
    });

    it('accepts exactly as many as the bound says', async () => {
      const body = { items: listOf(1_000, { token: 'a' }), kinds: listOf(12, 'a') };
      expect((await post(jsonOf(body))).body).toEqual({ made: 1_000, first: true });
      expect(looked.validated).toBe(1_000);
    });

    it('answers 400 where the values of all lists together are too many', async () => {
      const nested = `{"items":${jsonOf(listOf(1_000, listOf(9, 1)))}}`;
      const answer = await post(nested);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
      expect(answer.body.detail).toBe('The body contains more values than this route accepts.');
      expect(looked.validated).toBe(0);
    });

    it('stops at the item after which the answer has no room for more errors', async () => {
      const answer = await post(jsonOf({ items: listOf(1_000, { token: 1 }) }));
      expect(answer.body.errors).toHaveLength(100);
      expect(looked.validated).toBe(101);
      expect(looked.transformed).toBe(101);
    });

    it.each([
      [{}, { isMade: false }],
      [{ size: null }, { size: null, isMade: false }],
      [{ size: { width: 9 } }, { size: { width: 9 }, isMade: true }],
    ])('makes the object in %j', async (body, made) => {
      expect((await send('/things/boxes', [], jsonOf(body))).body).toEqual(made);
    });

    it.each<[unknown, { field: string; message: string }[]]>([
      [{ size: 1 }, [{ field: 'size', message: 'must be a JSON object' }]],
      [{ size: [] }, [{ field: 'size', message: 'must be a JSON object' }]],
      [{ size: {} }, [{ field: 'size.width', message: 'is required' }]],
      [
        { size: { width: 10, height: 1 } },
        [
          { field: 'size.height', message: 'is not a known field' },
          { field: 'size.width', message: 'must not be greater than 9' },
        ],
      ],
      [
        { size: { width: 1, units: ['a', 'b', 'c', 'd'] } },
        [{ field: 'size.units', message: 'must contain no more than 3 elements' }],
      ],
      [{ width: 1 }, [{ field: 'width', message: 'is not a known field' }]],
    ])('names what is wrong with the object in %j', async (body, errors) => {
      const answer = await send('/things/boxes', [], jsonOf(body));
      expect(answer.status).toBe(422);
      expect(answer.body.errors).toEqual(expect.arrayContaining(errors));
      expect(answer.body.errors).toHaveLength(errors.length);
    });

    it('does not count commas and brackets in texts', async () => {
      const answer = await post(jsonOf({ items: [{ token: '[{,:"\\'.repeat(200) }] }));
      expect(answer.body).toEqual({ made: 1, first: true });
    });
  });

  it.each([
    ['Accept', 'text/plain;q=0.1, '.repeat(100)],
    ['Accept-Encoding', 'x;q=0.1, '.repeat(100)],
    ['Content-Type', `application/json;${'x'.repeat(300)}`],
    ['Expect', 'x'.repeat(300)],
    ['If-Match', '"a",'.repeat(600)],
    ['If-None-Match', '"a",'.repeat(600)],
    ['traceparent', '-'.repeat(600)],
    ['X-Forwarded-For', '1.2.3.4, '.repeat(300)],
  ])('is 431 for a long header %s that is parsed', async (name, value) => {
    const answer = await send('/things/1', [`${name}: ${value}`]);
    expect([answer.status, answer.body.code]).toEqual([431, 'headers_too_large']);
    const halves = [value.slice(0, value.length / 2), value.slice(value.length / 2)];
    if (name !== 'Content-Type' && name !== 'Expect')
      expect(
        (
          await send(
            '/things/1',
            halves.map((half) => `${name}: ${half}`),
          )
        ).status,
      ).toBe(431);
  });

  it.each([
    [1_000, 1, 200],
    [10_000, 6, 200],
    [10_001, 1, 400],
    [30_000, 1, 400],
  ])('limits the pieces of a body: %i of %i bytes answer %i', async (count, size, status) => {
    const text = jsonOf({ items: [{ token: 'a' }] }).padEnd(count * size);
    const chunks = Array.from(
      { length: count },
      (_, n) => `${size}\r\n${text.slice(n * size, n * size + size)}\r\n`,
    );
    const head =
      'POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    const answer = await exchange(testApp.url, `${head}${chunks.join('')}0\r\n\r\n`);
    expect(answer?.status).toBe(status);
    if (status === 200) expect(answer?.body).toEqual({ made: 1, first: true });
    else expect(answer?.body.detail).toBe('The body comes in more than 10000 pieces.');
  });

  it('accepts long headers that it does not parse', async () => {
    expect((await send('/things/1', [`Cookie: ${'x'.repeat(10_000)}`])).status).toBe(200);
  });
});

describe('a connection that takes no answers', () => {
  let testApp: TestApp;

  beforeEach(async () => {
    made.large = 0;
    testApp = await startTestApp([ThingsController], { RATE_LIMIT_PUBLIC: '1000000' });
  });
  afterEach(() => testApp.app.close());

  const pipelined = (target: string, count: number): string =>
    Array.from(
      { length: count },
      (_, n) => `GET ${target} HTTP/1.1\r\nHost: x\r\nX-Request-ID: r${n}\r\n\r\n`,
    ).join('');

  it('has its requests served one after the other, in their order', async () => {
    const socket = connectTo(testApp.url);
    const ids: string[] = [];
    await new Promise<void>((resolve, reject) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        ids.splice(0, ids.length, ...[...text.matchAll(/^X-Request-ID: (\w+)/gim)].map(([, id]) => id!));
        if (ids.length === 20) resolve();
      });
      socket.on('error', reject);
      socket.write(pipelined('/things/1', 20));
    });
    socket.destroy();
    expect(ids).toEqual(Array.from({ length: 20 }, (_, n) => `r${n}`));
  });

  it('makes the server prepare no more answers than it takes', async () => {
    const socket = connectTo(testApp.url);
    socket.pause();
    // 80 MB, of which the kernels of both sides take a few.
    socket.write(pipelined('/things/large', 20));
    await until(() => made.large > 0);
    // Others are served meanwhile: time enough for all twenty.
    for (let n = 0; n < 50; n++) await fetch(`${testApp.url}/things/1`);
    expect(made.large).toBeLessThan(10);
    socket.destroy();
  });

  it('is closed when too many requests wait on it', async () => {
    const socket = connectTo(testApp.url);
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(pipelined('/things/large', 200));
    socket.resume();
    await closed;
    expect(made.large).toBeLessThanOrEqual(22);
  });
});

describe('a list in a body', () => {
  it('has a maximum, or the server does not start', async () => {
    class UnboundedDto {
      @IsArray()
      @IsString({ each: true })
      names!: string[];
    }
    @Controller('forgetful')
    @Public()
    class ForgetfulController {
      @Post()
      @RespondsAsIs('application/json')
      take(@Body() body: UnboundedDto): object {
        return body;
      }
    }
    const testApp = await startTestApp([ForgetfulController]);
    let refusal: unknown;
    try {
      assertEveryBodyIsBounded(testApp.app);
    } catch (error) {
      refusal = error;
    }
    await testApp.app.close();
    expect(refusal).toBeInstanceOf(ConfigurationError);
    expect((refusal as Error).message).toContain(
      'ForgetfulController.take (UnboundedDto.names is a list without @ArrayMaxSize)',
    );
  });

  it.each([
    [
      'an array without rules for arrays',
      aDto((target) => {
        IsOptional()(target, 'list');
        Reflect.defineMetadata('design:type', Array, target, 'list');
      }),
    ],
    [
      'a rule for each element',
      aDto((target) => {
        IsString({ each: true })(target, 'list');
      }),
    ],
    [
      'objects that are validated all at once',
      aDto((target) => {
        ArrayMaxSize(5)(target, 'list');
        ValidateNested({ each: true })(target, 'list');
        TypeOf(() => ItemDto)(target, 'list');
      }),
    ],
    [
      'a list within the items of a list',
      aDto((target) => {
        ListOf(
          aDto((inner) => {
            IsArray()(inner, 'deep');
          }),
          { min: 0, max: 2 },
        )(target, 'list');
      }),
    ],
    [
      'objects with free names within a list',
      aDto((target) => {
        ListOf(
          aDto((inner) => {
            FreeNames({ max: 2, schema: {}, brokenRules: () => [] })(inner, 'free');
          }),
          { min: 0, max: 2 },
        )(target, 'list');
      }),
    ],
  ])('is refused as %s', (_what, dto) => {
    expect(() => jsonBoundsOf(dto)).toThrow(
      /is a list without @ArrayMaxSize|use @ListOf|items with @FreeNames/,
    );
  });

  it('has its bound also within an object', () => {
    const { lists, values } = jsonBoundsOf(BoxDto);
    expect([...lists]).toEqual([['units', 3]]);
    // The body, its field, that object, its two fields, and three units.
    expect(values).toBe(2 * 8 + 100);
  });

  it('has the bound of its field', () => {
    const { lists, values } = jsonBoundsOf(ThingsDto);
    expect([...lists]).toEqual([
      ['items', 1_000],
      ['kinds', 12],
    ]);
    // 4 fields, 1,000 items of 2 values, 12 texts and the object: twice, and a hundred.
    expect(values).toBe(2 * (1 + 4 + 2_000 + 12) + 100);
  });
});

describe('collected errors', () => {
  it('are bounded in bytes together, even if each is within its bounds', () => {
    const errors = new FieldErrors();
    for (let n = 0; n < 100; n++) errors.add('\u0001'.repeat(200), '\u0001'.repeat(500));
    expect(errors.isFull).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(errors.all))).toBeLessThanOrEqual(32 * 1024 + 2);
  });

  it('are cut between characters', () => {
    const errors = new FieldErrors();
    errors.add('🦊'.repeat(200), 'is not a known field');
    expect(errors.all[0]?.field).toBe(`${'🦊'.repeat(99)}…`);
  });
});

/** A DTO with one field, `list`. */
function aDto(declare: (target: object) => void): Type<object> {
  class Dto {
    list!: unknown;
  }
  declare(Dto.prototype);
  return Dto;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
