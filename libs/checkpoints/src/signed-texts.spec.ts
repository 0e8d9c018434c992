import {
  isAcceptedAlg,
  KEY_SET_TYPE,
  openKeySet,
  openStatusList,
  parseToken,
  STATUS_LIST_TYPE,
} from '@aegis/license-token';
import { verifySigningInput } from '@aegis/signing';
import fc from 'fast-check';
import { generateKeyPairSync, sign, webcrypto } from 'node:crypto';
import { openCheckpoint } from './checkpoint';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const root = publicKey.export({ format: 'jwk' }) as { kty: 'OKP'; crv: 'Ed25519'; x: string };
const KID = 'aegis-2026-11';
const IAT = 1_790_000_000;

/** A kind of signed text: what a genuine one says, and whether a text is accepted as one. */
interface Kind {
  typ: string;
  payload: object;
  accepts: (jws: string) => Promise<boolean>;
}

const KINDS: Record<string, Kind> = {
  license: {
    typ: 'JWT',
    payload: {
      jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
      iss: 'https://license.example',
      iat: IAT,
      exp: IAT + 86_400,
      customer: { id: 'C-1', name: 'Acme' },
      module: { technical_name: 'payroll', allowed_major_versions: ['17'] },
      license_type: 'subscription',
    },
    accepts: (jws) => {
      const parsed = parseToken(jws);
      return Promise.resolve(
        !('malformed' in parsed) &&
          isAcceptedAlg(parsed.header.alg) &&
          verifySigningInput(publicKey, parsed.signingInput, parsed.signature),
      );
    },
  },
  'status list': {
    typ: STATUS_LIST_TYPE,
    payload: {
      sub: 'https://license.example/api/v1/status-lists/1',
      iat: IAT,
      exp: IAT + 86_400,
      status_list: { bits: 2, lst: 'eNo76fITAAPfAgc' },
    },
    accepts: async (jws) => {
      const key = await webcrypto.subtle.importKey('jwk', root, 'Ed25519', false, ['verify']);
      return !('refused' in (await openStatusList(jws, () => key)));
    },
  },
  'key set': {
    typ: KEY_SET_TYPE,
    payload: { iat: IAT, exp: IAT + 86_400, keys: [{ ...root, kid: KID }], compromised: [] },
    accepts: async (jws) => !('refused' in (await openKeySet(jws, { root, now: new Date(IAT * 1000) }))),
  },
  checkpoint: {
    typ: 'aegis-checkpoint+jwt',
    payload: {
      number: 1,
      epoch: 1,
      size: 1,
      root: 'A'.repeat(43),
      previous: null,
      complete_to: null,
      iat: IAT,
    },
    accepts: async (jws) => (await openCheckpoint(jws, () => Promise.resolve(publicKey))) !== undefined,
  },
};

/** The texts inside of a JWS. */
interface Inner {
  header: string | Buffer;
  payload: string | Buffer;
}

const encode = (part: string | Buffer): string => Buffer.from(part).toString('base64url');

function signParts(header: string, payload: string): string {
  const input = `${header}.${payload}`;
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
}

/** JSON of an object whose length in bytes leaves spare bits in base64url. */
function unevenJson(value: object): string {
  for (let x = ''; ; x += 'x') {
    const json = JSON.stringify({ ...value, x });
    if (json.length % 3 === 1) return json;
  }
}

function innerOf({ typ, payload }: Kind): { header: string; payload: string } {
  return { header: unevenJson({ alg: 'EdDSA', typ, kid: KID }), payload: unevenJson(payload) };
}

function withSpareBit(encoded: string): string {
  return encoded.slice(0, -1) + String.fromCharCode(encoded.charCodeAt(encoded.length - 1) + 1);
}

/** With a member put first, before those that are there. */
const withMember = (json: string, member: string): string => `{${member},${json.slice(1)}`;
const inHeader =
  (change: (json: string) => string | Buffer) =>
  (inner: { header: string; payload: string }): Inner => ({ ...inner, header: change(inner.header) });
const inPayload =
  (change: (json: string) => string | Buffer) =>
  (inner: { header: string; payload: string }): Inner => ({ ...inner, payload: change(inner.payload) });

/** Faults of JSON, each in the header and in the payload. */
const JSON_FAULTS: [string, (json: string) => string | Buffer][] = [
  ['a doubled name', (json) => withMember(json, '"x":1')],
  ['a doubled name that is escaped', (json) => withMember(json, '"\\u0078":1')],
  ['a doubled name within', (json) => withMember(json, '"y":[{"a":1,"a":1}]')],
  ['an invalid byte', (json) => Buffer.from(withMember(json, '"y":"\xff"'), 'latin1')],
  ['an overlong form', (json) => Buffer.from(withMember(json, '"y":"\xc0\xa2"'), 'latin1')],
  ['an encoded surrogate', (json) => Buffer.from(withMember(json, '"y":"\xed\xa0\x80"'), 'latin1')],
  ['a byte order mark', (json) => `\ufeff${json}`],
  ['a text after the object', (json) => `${json}{}`],
  ['a comma too many', (json) => `${json.slice(0, -1)},}`],
  ['a list around the object', (json) => `[${json}]`],
  ['33 levels', (json) => withMember(json, `"y":${'['.repeat(32)}${']'.repeat(32)}`)],
  ['null', () => 'null'],
  ['nothing', () => ''],
];

const MALFORMED_INSIDE: [string, (inner: { header: string; payload: string }) => Inner][] = [
  ...JSON_FAULTS.flatMap(([name, change]): typeof MALFORMED_INSIDE => [
    [`${name} in the header`, inHeader(change)],
    [`${name} in the payload`, inPayload(change)],
  ]),
  ['crit', inHeader((json) => withMember(json, '"crit":["exp"]'))],
  ['no kid', inHeader((json) => json.replace('"kid"', '"key"'))],
  ['a kid that is a number', inHeader((json) => json.replace(`"${KID}"`, '1'))],
  ['no alg', inHeader((json) => json.replace('"alg"', '"algorithm"'))],
  ...['none', 'HS256', 'ES256', 'Ed448', 'eddsa', ''].map((alg): (typeof MALFORMED_INSIDE)[number] => [
    `alg ${JSON.stringify(alg)}`,
    inHeader((json) => json.replace('"EdDSA"', JSON.stringify(alg))),
  ]),
  ['a member of 256 KiB', inPayload((json) => withMember(json, `"y":"${'y'.repeat(262_144)}"`))],
];

const MALFORMED_OUTSIDE: [string, (header: string, payload: string) => string][] = [
  ['a spare bit in the header', (header, payload) => signParts(withSpareBit(header), payload)],
  ['a spare bit in the payload', (header, payload) => signParts(header, withSpareBit(payload))],
  ['a spare bit in the signature', (header, payload) => withSpareBit(signParts(header, payload))],
  ['padding in the header', (header, payload) => signParts(`${header}==`, payload)],
  ['padding in the payload', (header, payload) => signParts(header, `${payload}==`)],
  ['padding in the signature', (header, payload) => `${signParts(header, payload)}==`],
  ['a line feed in the header', (header, payload) => signParts(`${header}\n`, payload)],
  [
    'a blank in the payload',
    (header, payload) => signParts(header, `${payload.slice(0, 4)} ${payload.slice(4)}`),
  ],
  ['a line feed at its end', (header, payload) => `${signParts(header, payload)}\n`],
  ['a blank before it', (header, payload) => ` ${signParts(header, payload)}`],
  ['two parts', (header, payload) => `${header}.${payload}`],
  ['four parts', (header, payload) => `${signParts(header, payload)}.`],
  ['no signature', (header, payload) => `${header}.${payload}.`],
  ['no payload', (header) => signParts(header, '')],
  ['no header', (_, payload) => signParts('', payload)],
  ['nothing', () => ''],
];

describe.each(Object.entries(KINDS))('a signed %s', (name, kind) => {
  const genuine = (): string => {
    const { header, payload } = innerOf(kind);
    return signParts(encode(header), encode(payload));
  };

  it('is accepted with EdDSA and with Ed25519, and by its media type too', async () => {
    const { header, payload } = innerOf(kind);
    for (const spelled of [
      header,
      header.replace('"EdDSA"', '"Ed25519"'),
      header.replace(`"${kind.typ}"`, `"application/${kind.typ.toUpperCase()}"`),
    ])
      expect([spelled, await kind.accepts(signParts(encode(spelled), encode(payload)))]).toEqual([
        spelled,
        true,
      ]);
  });

  it.each(MALFORMED_INSIDE)('is refused with %s, though our key signed it', async (_fault, change) => {
    const { header, payload } = change(innerOf(kind));
    expect(await kind.accepts(signParts(encode(header), encode(payload)))).toBe(false);
  });

  it.each(MALFORMED_OUTSIDE)('is refused with %s', async (_fault, write) => {
    const { header, payload } = innerOf(kind);
    expect(await kind.accepts(write(encode(header), encode(payload)))).toBe(false);
  });

  it('is refused with its signature in plain base64', async () => {
    const { header, payload } = innerOf(kind);
    for (let blanks = 0; ; blanks += 1) {
      const jws = signParts(encode(header), encode(payload + ' '.repeat(blanks)));
      expect(await kind.accepts(jws)).toBe(true);
      const [, , signature = ''] = jws.split('.');
      const plain = signature.replaceAll('-', '+').replaceAll('_', '/');
      // One in fourteen signatures is spelled alike.
      if (plain === signature) continue;
      expect(await kind.accepts(`${jws.slice(0, -signature.length)}${plain}`)).toBe(false);
      return;
    }
  });

  it.each([...Object.values(KINDS).map(({ typ }) => typ), 'statuslist+cwt', ''])(
    'is accepted with the type %j only if that is its own',
    async (typ) => {
      const header = JSON.stringify({ alg: 'EdDSA', typ, kid: KID });
      const jws = signParts(encode(header), encode(JSON.stringify(kind.payload)));
      expect(await kind.accepts(jws)).toBe(typ === kind.typ);
    },
  );

  it('is accepted without a type only if it is a license', async () => {
    const header = JSON.stringify({ alg: 'EdDSA', kid: KID });
    const jws = signParts(encode(header), encode(JSON.stringify(kind.payload)));
    expect(await kind.accepts(jws)).toBe(name === 'license');
  });

  it('is refused when any one character is changed, missing or doubled', async () => {
    const jws = genuine();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(jws.length - 1),
        fc.constantFrom(...Array.from('AQgwZz09-_=+/. \n\0é'), ''),
        fc.boolean(),
        async (at, character, isAdded) => {
          const changed = jws.slice(0, at) + character + jws.slice(isAdded ? at : at + 1);
          fc.pre(changed !== jws);
          expect(await kind.accepts(changed)).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is read without an exception, no matter what the text is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc
            .array(fc.uint8Array({ maxLength: 60 }), { minLength: 3, maxLength: 3 })
            .map((parts) => parts.map((part) => encode(Buffer.from(part))).join('.')),
          fc
            .tuple(fc.json(), fc.json())
            .map(([header, payload]) => signParts(encode(header), encode(payload))),
        ),
        async (text) => {
          expect(await kind.accepts(text)).toBe(false);
        },
      ),
      { numRuns: 200 },
    );
  });
});
