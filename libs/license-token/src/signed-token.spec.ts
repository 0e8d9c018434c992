import { createPublicKey, generateKeyPairSync, type KeyObject, sign, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  EACH_CODE,
  FINGERPRINT,
  type Situation,
  VERDICT_MATRIX,
} from '../../../test/support/verdicts/matrix';
import { type Evidence, judge, type KeyTrust, type Question, type TokenRecord } from './judge';
import { parseToken } from './parse';
import { isAcceptedAlg, verifySignature } from './signature';
import { SERVER_VERDICT_CODES, type Verdict, VERDICT_CODES, type VerdictCode } from './verdict';

const NOW = new Date('2026-02-03T19:12:10.000Z');
const NOW_S = 1770145930;
const ISSUER = 'https://license.biz4a.com';

const ours = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');

function webKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const spki = key.export({ type: 'spki', format: 'der' });
  return webcrypto.subtle.importKey('spki', spki, 'Ed25519', false, ['verify']);
}

/** Everything that decides a verdict, each part free to be wrong. */
interface Scenario {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  signWith: KeyObject;
  key: KeyTrust;
  acceptedIssuers: string[];
  question: Question;
  record: TokenRecord | null;
}

const aValidScenario = (): Scenario => ({
  header: { alg: 'EdDSA', typ: 'JWT', kid: 'k1' },
  claims: {
    jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
    iss: ISSUER,
    iat: NOW_S - 86_400,
    exp: NOW_S + 86_400 * 365,
    customer: { id: 'CUST-001', name: 'Acme Corporation' },
    module: { technical_name: 'biz4a_payroll_drc', allowed_major_versions: ['17', '18'] },
    license_type: 'subscription',
    instance_fingerprint: `sha256:${'aa'.repeat(32)}`,
    rev: 1,
    status: { status_list: { idx: 0, uri: 'https://license.example/api/v1/status-lists/1' } },
  },
  signWith: ours.privateKey,
  key: { compromised: false },
  acceptedIssuers: [ISSUER],
  question: {
    module_name: 'biz4a_payroll_drc',
    odoo_version: '17.0',
    instance_fingerprint: `sha256:${'aa'.repeat(32)}`,
  },
  record: {
    recorded_at: new Date('2026-02-02T00:00:00.000Z'),
    superseded: false,
    newer_token_exists: false,
    license_status: 'active',
    customer_active: true,
  },
});

/** A case of the matrix, as a token and what is known about it. */
function scenarioOf(situation: Situation): Scenario {
  const { status, isBound, endsIn, graceDays, module_name, odoo_version, instance } = situation;
  const valid = aValidScenario();
  const { instance_fingerprint: _, ...claims } = valid.claims;
  const fingerprints = { 'the bound one': FINGERPRINT, another: 'sha256:bb', unknown: null };
  return {
    header: { ...valid.header, kid: situation.kid === 'of that key' ? 'k1' : 'k2' },
    claims: {
      ...claims,
      ...(isBound && { instance_fingerprint: FINGERPRINT }),
      iss: situation.iss,
      module: { technical_name: 'payroll', allowed_major_versions: ['17', '18'] },
      license_type: endsIn === null ? 'perpetual' : 'subscription',
      exp: endsIn === null ? undefined : NOW_S + endsIn,
      ...(graceDays !== null && { grace_days: graceDays }),
      ...(situation.payload === 'something else' && { rev: 'first' }),
    },
    signWith: situation.signature === 'of that key' ? ours.privateKey : stranger.privateKey,
    key: situation.signedBy === 'our key' ? { compromised: false } : { compromised: true, after: null },
    acceptedIssuers: [ISSUER, 'https://licenses.predecessor.example'],
    question: { module_name, odoo_version, instance_fingerprint: fingerprints[instance] },
    record: situation.isOnRecord
      ? {
          recorded_at: new Date('2026-02-02T00:00:00.000Z'),
          superseded: situation.isSuperseded,
          newer_token_exists: situation.hasNewerToken,
          license_status: status,
          customer_active: situation.isCustomerActive,
        }
      : null,
  };
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function signed(header: unknown, claims: unknown, key: KeyObject): string {
  const signingInput = `${encode(header)}.${encode(claims)}`;
  return `${signingInput}.${sign(null, Buffer.from(signingInput), key).toString('base64url')}`;
}

type Circumstances = Pick<Scenario, 'key' | 'acceptedIssuers' | 'question' | 'record'>;

/** The whole way of a token, as a server goes it. */
async function verdictOn(
  token: string,
  keys: Map<string, webcrypto.CryptoKey>,
  at: Circumstances,
): Promise<Verdict> {
  const gather = async (): Promise<Evidence> => {
    const parsed = parseToken(token);
    if ('malformed' in parsed) return { proof: 'malformed' };
    const key = keys.get(parsed.header.kid);
    if (!key) return { proof: 'unknown_key' };
    if (!(await verifySignature(parsed, key))) return { proof: 'signature_invalid' };
    const { acceptedIssuers, record } = at;
    const { claims } = parsed;
    return { proof: 'signature_holds', claims, key: at.key, acceptedIssuers, record, activation: null };
  };
  return judge(at.question, await gather(), NOW);
}

describe('a signed token', () => {
  let keys: Map<string, webcrypto.CryptoKey>;
  beforeAll(async () => {
    keys = new Map([['k1', await webKey(ours.publicKey)]]);
  });

  const codeOf = async (scenario: Scenario): Promise<VerdictCode> =>
    (await verdictOn(signed(scenario.header, scenario.claims, scenario.signWith), keys, scenario)).code;

  it('has the codes of the contract, in its order: 16 about the license, those of clients after what was asked, a seat last', () => {
    const offline = ['CLOCK_SET_BACK', 'STATUS_LIST_INVALID', 'STATUS_LIST_STALE'];
    const seat = ['ACTIVATION_REQUIRED', 'ACTIVATION_INVALID', 'ACTIVATION_MISMATCH', 'ACTIVATION_ENDED'];
    const license = EACH_CODE.map(({ code }) => code);
    expect(license).toHaveLength(16);
    const asked = license.indexOf('NOT_FOUND');
    expect(VERDICT_CODES).toEqual([
      ...license.slice(0, asked),
      ...offline,
      ...license.slice(asked, -1),
      ...seat,
      'VALID',
    ]);
    expect(SERVER_VERDICT_CODES).toEqual([
      ...license.slice(0, -1),
      'ACTIVATION_REQUIRED',
      'ACTIVATION_ENDED',
      'VALID',
    ]);
  });

  it.each(VERDICT_MATRIX)('is $code $name', async ({ situation, code }) => {
    expect(await codeOf(scenarioOf(situation))).toBe(code);
  });

  it.each([
    ['EdDSA', 'VALID'],
    ['Ed25519', 'VALID'],
    ['none', 'SIGNATURE_INVALID'],
    ['None', 'SIGNATURE_INVALID'],
    ['HS256', 'SIGNATURE_INVALID'],
    ['ES256', 'SIGNATURE_INVALID'],
    ['Ed448', 'SIGNATURE_INVALID'],
    ['eddsa', 'SIGNATURE_INVALID'],
    ['', 'SIGNATURE_INVALID'],
  ])('with alg %j and a valid signature is %s', async (alg, code) => {
    const scenario = aValidScenario();
    scenario.header.alg = alg;
    expect(await codeOf(scenario)).toBe(code);
    expect(isAcceptedAlg(alg)).toBe(code === 'VALID');
  });

  it('is valid next to tokens of another key of the server', async () => {
    const both = new Map([...keys, ['k2', await webKey(stranger.publicKey)]] as const);
    const { header, claims, ...at } = aValidScenario();
    const token = signed({ ...header, kid: 'k2' }, claims, stranger.privateKey);
    expect((await verdictOn(token, both, at)).code).toBe('VALID');
    const crossed = signed({ ...header, kid: 'k2' }, claims, ours.privateKey);
    expect((await verdictOn(crossed, both, at)).code).toBe('SIGNATURE_INVALID');
  });

  it('with alg none and no signature is SIGNATURE_INVALID', async () => {
    const { header, claims, ...at } = aValidScenario();
    for (const alg of ['none', 'EdDSA']) {
      const token = `${encode({ ...header, alg })}.${encode(claims)}.`;
      expect((await verdictOn(token, keys, at)).code).toBe('SIGNATURE_INVALID');
    }
  });

  it.each([63, 65, 128])('with a signature of %i bytes is SIGNATURE_INVALID', async (length) => {
    const { header, claims, signWith, ...at } = aValidScenario();
    const [h = '', c = '', s = ''] = signed(header, claims, signWith).split('.');
    const resized = Buffer.concat([Buffer.from(s, 'base64url'), Buffer.alloc(64)]).subarray(0, length);
    const token = `${h}.${c}.${resized.toString('base64url')}`;
    expect((await verdictOn(token, keys, at)).code).toBe('SIGNATURE_INVALID');
  });

  it('has only one valid signature: S + L, which solves the same equation, is refused', async () => {
    const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
    const { header, claims, signWith, ...at } = aValidScenario();
    const [h = '', c = '', s = ''] = signed(header, claims, signWith).split('.');
    const signature = Buffer.from(s, 'base64url');
    const scalar = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`);
    expect(scalar < ORDER).toBe(true);
    const other = Buffer.from((scalar + ORDER).toString(16).padStart(64, '0'), 'hex').reverse();
    const token = `${h}.${c}.${Buffer.concat([signature.subarray(0, 32), other]).toString('base64url')}`;
    expect((await verdictOn(token, keys, at)).code).toBe('SIGNATURE_INVALID');
  });

  it('is not valid with any one bit flipped', async () => {
    const { header, claims, signWith, ...at } = aValidScenario();
    const token = signed(header, claims, signWith);
    expect((await verdictOn(token, keys, at)).code).toBe('VALID');
    const codes = new Set<VerdictCode>();
    for (let index = 0; index < token.length; index++)
      for (let bit = 0; bit < 8; bit++) {
        const flipped = String.fromCharCode(token.charCodeAt(index) ^ (1 << bit));
        const { code } = await verdictOn(token.slice(0, index) + flipped + token.slice(index + 1), keys, at);
        codes.add(code);
      }
    expect([...codes].sort()).toEqual(['MALFORMED', 'SIGNATURE_INVALID', 'UNKNOWN_KEY']);
  });

  it('is read back with exactly the claims that were signed', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 });
    const time = fc.integer({ min: 1, max: 253402300799 });
    const anyClaims = fc.record(
      {
        jti: fc.uuid(),
        iss: text,
        iat: time,
        exp: time,
        customer: fc.record({ id: text, name: text }),
        module: fc.record({ technical_name: text, allowed_major_versions: fc.array(text, { maxLength: 5 }) }),
        license_type: fc.constantFrom('perpetual', 'subscription', 'demo'),
        instance_fingerprint: text,
        rev: fc.integer({ min: 1 }),
        status: fc.record({ status_list: fc.record({ idx: fc.nat(), uri: fc.webUrl() }) }),
        later: fc.jsonValue({ maxDepth: 4 }),
      },
      {
        requiredKeys: ['jti', 'iss', 'iat', 'exp', 'customer', 'module', 'license_type'],
      },
    );
    const key = keys.get('k1')!;
    await fc.assert(
      fc.asyncProperty(anyClaims, fc.nat(), fc.nat({ max: 7 }), async (claims, at, bit) => {
        const token = signed({ alg: 'EdDSA', typ: 'JWT', kid: 'k1' }, claims, ours.privateKey);
        fc.pre(token.length <= 8192);
        const parsed = parseToken(token);
        if ('malformed' in parsed) throw new Error(parsed.malformed);
        expect(parsed.claims).toEqual(JSON.parse(JSON.stringify(claims)));
        expect(await verifySignature(parsed, key)).toBe(true);

        const index = at % token.length;
        const flipped = String.fromCharCode(token.charCodeAt(index) ^ (1 << bit));
        const damaged = parseToken(token.slice(0, index) + flipped + token.slice(index + 1));
        if (!('malformed' in damaged)) expect(await verifySignature(damaged, key)).toBe(false);
      }),
    );
  });

  it('is not tried against a key of another kind', async () => {
    const { header, claims, signWith } = aValidScenario();
    const parsed = parseToken(signed(header, claims, signWith));
    if ('malformed' in parsed) throw new Error(parsed.malformed);
    const pair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
      'sign',
      'verify',
    ]);
    await expect(verifySignature(parsed, pair.publicKey)).rejects.toMatchObject({
      name: 'InvalidAccessError',
    });
  });
});

describe('the license that the predecessor signed', () => {
  const data = join(__dirname, '../../../test/data/predecessor');
  const token = readFileSync(join(data, 'example-perpetual.jwt'), 'utf8');
  const publicKey = createPublicKey(readFileSync(join(data, 'aegis-2026-01.public.pem')));
  const at: Circumstances = {
    key: { compromised: false },
    acceptedIssuers: ['https://license.biz4a.com'],
    question: { module_name: 'biz4a_payroll_drc', odoo_version: '18.0', instance_fingerprint: null },
    record: {
      recorded_at: new Date('2026-11-23T00:00:00.000Z'),
      superseded: false,
      newer_token_exists: false,
      license_status: 'active',
      customer_active: true,
    },
  };

  it('is valid once its key is adopted and it is on record', async () => {
    const keys = new Map([['aegis-2026-01', await webKey(publicKey)]]);
    expect(await verdictOn(token, keys, at)).toEqual({
      valid: true,
      code: 'VALID',
      error: null,
      warnings: [],
      license_id: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
      license_type: 'perpetual',
      customer_name: 'Acme Corporation',
      expires_at: null,
      entitlements: {},
      activation: null,
      checked_at: NOW,
    });
  });

  it('is not found before it is imported', async () => {
    const keys = new Map([['aegis-2026-01', await webKey(publicKey)]]);
    expect((await verdictOn(token, keys, { ...at, record: null })).code).toBe('NOT_FOUND');
  });

  it('has an unknown key before that key is adopted', async () => {
    expect((await verdictOn(token, new Map(), at)).code).toBe('UNKNOWN_KEY');
  });
});
