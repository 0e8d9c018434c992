import fc from 'fast-check';
import {
  type Contract,
  type Parameter,
  resolved,
  type Route,
  type Schema,
} from '../../support/contract/contract';
import { FromSchema } from './from-schema';
import { credentials, type HeaderLine, oddHeaders } from './headers';
import { hostileBody, hostileFragment, hostileText } from './hostile';
import { multipliedBody, multipliedQuery, repeatedStructure } from './multiplied';

/** A request before it becomes bytes. Texts hold one character a byte. */
export interface FuzzRequest {
  method: string;
  target: string;
  headers: readonly HeaderLine[];
  /** Absent where the request has none. */
  body?: string;
}

const PLACE = '"@@here@@"';
/** Largest body that a route takes, in bytes. */
export function mostBytesOf(path: string): number {
  return path.endsWith('/validate/batch') ? 2 * 1024 * 1024 : 64 * 1024;
}

const asBytes = (text: string): string => Buffer.from(text).toString('latin1');

/** Requests to one operation of the contract: right, nearly right, and hostile. */
export class FuzzRequests {
  private readonly schemas: FromSchema;

  constructor(private readonly contract: Contract) {
    this.schemas = new FromSchema(contract);
  }

  to(route: Route): fc.Arbitrary<FuzzRequest> {
    return fc.oneof(
      { weight: 2, arbitrary: this.wellFormed(route) },
      { weight: 4, arbitrary: this.nearlyWellFormed(route) },
      { weight: 4, arbitrary: this.hostile(route) },
      { weight: 2, arbitrary: this.crowded(route) },
    );
  }

  /** Requests as the schemas have them; lists also as the streams that they offer. */
  honest(route: Route): fc.Arbitrary<FuzzRequest> {
    const content = Object.keys(route.operation.responses['200']?.content ?? {});
    const accept = content.map((type): HeaderLine[] => [['Accept', type]]);
    const admin = fc.constant<HeaderLine[]>([['X-API-Key', '{{admin}}']]);
    return this.request(
      route,
      this.target(route, false),
      admin,
      fc.constantFrom<HeaderLine[]>([], ...accept),
      this.body(route, false),
      fc.constant('application/json'),
    );
  }

  private wellFormed(route: Route): fc.Arbitrary<FuzzRequest> {
    const admin = fc.constant<HeaderLine[]>([['X-API-Key', '{{admin}}']]);
    return this.request(route, this.target(route, false), admin, fc.constant([]), this.body(route, false));
  }

  private nearlyWellFormed(route: Route): fc.Arbitrary<FuzzRequest> {
    return fc.oneof(
      this.request(route, this.target(route, false), credentials, fc.constant([]), this.body(route, true)),
      this.request(route, this.target(route, true), credentials, fc.constant([]), this.body(route, false)),
      this.request(route, this.target(route, false), credentials, oddHeaders, this.body(route, false)),
    );
  }

  private hostile(route: Route): fc.Arbitrary<FuzzRequest> {
    const body = fc.option(
      hostileBody.map((bytes) => bytes.toString('latin1')),
      { nil: undefined, freq: 4 },
    );
    const method = fc.oneof(
      { weight: 8, arbitrary: fc.constant(route.method) },
      fc.constantFrom(
        'HEAD',
        'OPTIONS',
        'TRACE',
        'PUT',
        'PATCH',
        'DELETE',
        'POST',
        'GET',
        'PROPFIND',
        'PURGE',
      ),
    );
    return fc
      .tuple(
        method,
        this.request(
          route,
          this.target(route, true),
          credentials,
          oddHeaders,
          fc.oneof(body, this.body(route, true), this.multiplied(route)),
        ),
      )
      .map(([other, request]) => ({ ...request, method: other }));
  }

  /** With a credential that counts and no other fault, so that it gets as far as its many elements let it. */
  private crowded(route: Route): fc.Arbitrary<FuzzRequest> {
    const admin = fc.constant<HeaderLine[]>([['X-API-Key', '{{admin}}']]);
    const type = fc.constant('application/json');
    return this.request(
      route,
      this.target(route, false),
      admin,
      fc.constant([]),
      this.multiplied(route),
      type,
    );
  }

  private multiplied(route: Route): fc.Arbitrary<string | undefined> {
    const names = this.fields(route).map(([name]) => name);
    return multipliedBody(['x', ...names], this.lists(route), mostBytesOf(route.path)).map(asBytes);
  }

  /** Requests of which each route that takes JSON gets every one: what they find is too rare among random ones. */
  structural(route: Route): FuzzRequest[] {
    const { method, path, operation } = route;
    if (operation.requestBody === undefined) return [];
    const names = this.lists(route).map(([name]) => name);
    return repeatedStructure(names, mostBytesOf(path)).map((body) => ({
      method,
      target: path.replace(/\{(\w+)\}/, knownId(route)),
      headers: [
        ['X-API-Key', '{{admin}}'],
        ['Content-Type', 'application/json'],
      ],
      body,
    }));
  }

  private fields({ operation }: Route): [string, Schema][] {
    const schema = operation.requestBody?.content['application/json']?.schema;
    return schema === undefined ? [] : Object.entries(resolved(this.contract, schema).properties ?? {});
  }

  private lists(route: Route): [name: string, most: number][] {
    return this.fields(route).flatMap(([name, { maxItems }]): [string, number][] =>
      typeof maxItems === 'number' ? [[name, maxItems]] : [],
    );
  }

  private request(
    route: Route,
    target: fc.Arbitrary<string>,
    credential: fc.Arbitrary<readonly HeaderLine[]>,
    more: fc.Arbitrary<readonly HeaderLine[]>,
    body: fc.Arbitrary<string | undefined>,
    types?: fc.Arbitrary<string>,
  ): fc.Arbitrary<FuzzRequest> {
    const type =
      types ??
      fc.oneof(
        { weight: 12, arbitrary: fc.constant('application/json') },
        fc.constantFrom(
          'application/json; charset=utf-8',
          'application/json; charset=utf-16',
          'text/plain',
          'application/x-www-form-urlencoded',
          'multipart/form-data; boundary=x',
          'application/xml',
          'application/json, application/json',
          '',
          '/',
          `application/json;${'x'.repeat(3_000)}`,
        ),
      );
    return fc.tuple(target, credential, more, body, type).map(([at, who, further, content, contentType]) => ({
      method: route.method,
      target: at,
      headers: [
        ...who,
        ...further,
        ...(content === undefined ? [] : [['Content-Type', contentType] as const]),
      ],
      ...(content !== undefined && { body: content }),
    }));
  }

  private target(route: Route, odd: boolean): fc.Arbitrary<string> {
    const { parameters = [] } = route.operation as { parameters?: Parameter[] };
    const all = parameters.map((parameter) => resolved(this.contract, parameter as never) as Parameter);
    const path = odd ? oddPath(route) : fc.constant(route.path.replace(/\{(\w+)\}/, knownId(route)));
    const query = this.query(all.filter((parameter) => parameter.in === 'query'));
    return odd
      ? fc.tuple(path, fc.oneof(query, oddQuery(all))).map(([at, asked]) => at + asked)
      : fc.tuple(path, query).map(([at, asked]) => at + asked);
  }

  private query(parameters: readonly Parameter[]): fc.Arbitrary<string> {
    if (parameters.length === 0) return fc.constant('');
    const pair = fc
      .constantFrom(...parameters)
      .chain(({ name, schema }) =>
        this.schemas.valueOf(schema, name).map((value) => `${name}=${encoded(String(value))}`),
      );
    return fc
      .uniqueArray(pair, { maxLength: 3, selector: (text) => text.split('=')[0] })
      .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.join('&')}`));
  }

  private body({ operation }: Route, broken: boolean): fc.Arbitrary<string | undefined> {
    const schema = operation.requestBody?.content['application/json']?.schema;
    if (schema === undefined) return broken ? fc.constantFrom(undefined, '{}') : fc.constant(undefined);
    const right = this.schemas.valueOf(schema) as fc.Arbitrary<Record<string, unknown>>;
    const names = Object.keys(resolved(this.contract, schema).properties ?? { x: {} });
    const made = broken ? this.brokenIn(right, names) : right.map((value) => JSON.stringify(value));
    return made.map(asBytes);
  }

  /** One thing wrong in an otherwise right body. */
  private brokenIn(
    right: fc.Arbitrary<Record<string, unknown>>,
    names: readonly string[],
  ): fc.Arbitrary<string> {
    const name = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...names) },
      fc.constantFrom('id', 'token', 'status', 'scopes', 'created_at', '__proto__', 'constructor', ''),
      hostileText,
    );
    return fc.tuple(right, name, hostileFragment, fc.boolean()).map(([value, at, fragment, doubled]) => {
      const text = JSON.stringify({ ...value, [at]: '@@here@@' });
      const replaced = text.replace(PLACE, () => fragment);
      return doubled ? replaced.replace('{', () => `{${JSON.stringify(at)}:1,`) : replaced;
    });
  }
}

function encoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /%7B%7B(\w+)%7D%7D/g,
    '{{$1}}',
  );
}

function knownId({ path }: Route): string {
  if (path.includes('/licenses/{')) return '{{license}}';
  if (path.includes('/customers/{')) return '{{customer}}';
  if (path.includes('/api-keys/{')) return '{{apiKey}}';
  if (path.includes('/webhooks/deliveries/{')) return '{{delivery}}';
  if (path.includes('/webhooks/{')) return '{{webhook}}';
  if (path.includes('/problems/{')) return 'not_found';
  if (path.includes('{')) return '{{auditLog}}';
  return '';
}

function oddPath(route: Route): fc.Arbitrary<string> {
  const segment = fc.oneof(
    hostileText.map((text) => encoded(text)),
    fc.constantFrom(
      '%00',
      '%2e%2e',
      '..',
      '.',
      '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
      '%',
      '%zz',
      '%ff',
      '%c0%af',
      '%ed%a0%80',
      '%0d%0aX-Injected:%20yes',
      '%252e%252e',
      ';jsessionid=1',
      '{{license}}%20',
      '{{license}};x',
      '0',
      '-1',
      '*',
      'x'.repeat(3_000),
      'x'.repeat(17_000),
      '%41'.repeat(1_000),
    ),
  );
  const named = route.path.includes('{')
    ? segment.map((text) => route.path.replace(/\{(\w+)\}/, () => text))
    : fc.constant(route.path);
  const known = route.path.replace(/\{(\w+)\}/, knownId(route));
  const bent = fc.constantFrom(
    known,
    `${known}/`,
    `${known}//`,
    `/${known}`,
    `/./${known}`,
    `${known}/..`,
    `${known}/%2e%2e`,
    `${known}%00`,
    `${known}%20`,
    `${known}.json`,
    `${known};x=1`,
    `${known}#fragment`,
    known.toUpperCase(),
    known.replace('api', '%61pi'),
    known.replace('/api', '\\api'),
    `http://evil.example${known}`,
    `https://user:password@evil.example:1${known}`,
    `//evil.example${known}`,
    '*',
    'evil.example:443',
    `?${known}`,
    `${known}\xe4`,
  );
  return fc.oneof({ weight: 2, arbitrary: named }, { weight: 1, arbitrary: bent });
}

function oddQuery(parameters: readonly { name: string; schema: Schema }[]): fc.Arbitrary<string> {
  const name = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(...parameters.map((parameter) => parameter.name), 'page', 'cursor'),
    },
    fc.constantFrom('__proto__', 'constructor', 'toString', 'page[]', 'page[__proto__]', '_method', ''),
    hostileText.map(encoded),
  );
  const value = fc.oneof(
    hostileText.map(encoded),
    fc.constantFrom('%', '%00', '%ff', '%ed%a0%80', '+', '=', '1', '0', '-1', '99999999999999999999'),
  );
  const pair = fc.tuple(name, value).map(([key, text]) => `${key}=${text}`);
  return fc.oneof(
    { weight: 10, arbitrary: fc.array(pair, { maxLength: 4 }).map((pairs) => `?${pairs.join('&')}`) },
    { weight: 1, arbitrary: multipliedQuery },
    fc.constantFrom('?', '??', '?&', '?=', '?a', `?${'a&'.repeat(3_000)}`, `?${'page=1&'.repeat(1_000)}`),
  );
}
