import { activationFingerprint } from '@aegis/license-token';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { Jwk } from './keys/trusted-keys';
import type { VerifyOptions } from './verify-license';

/** 2026-02-03T19:12:10Z */
export const NOW = 1_770_145_930;
export const DAY = 86_400;
export const ISSUER = 'https://license.biz4a.com';
export const FINGERPRINT = 'machine-1';
export const NONCE = '0123456789abcdef';
export const LICENSE_ID = '0bfb0cef-a864-400f-83d4-e8c6bd41dda5';
export const ACTIVATION_ID = '5f0c9a3e-8a7b-41ee-b9d1-0242ac120002';

interface Signed {
  kid: string;
  publicKey: KeyObject;
  privateKey: KeyObject;
}

/** A key pair with its id. */
export function aKey(kid: string): Signed {
  return { kid, ...generateKeyPairSync('ed25519') };
}

export const k1 = aKey('k1');
export const k2 = aKey('k2');
export const root = aKey('root');

export function jwkOf({ kid, publicKey }: Signed): Jwk {
  return { ...(publicKey.export({ format: 'jwk' }) as Omit<Jwk, 'kid'>), kid };
}

export function pemOf({ publicKey }: Signed): string {
  return publicKey.export({ format: 'pem', type: 'spki' }) as string;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function jws(header: object, payload: unknown, key: Signed = k1): string {
  const input = `${encode({ alg: 'EdDSA', kid: key.kid, ...header })}.${encode(payload)}`;
  return `${input}.${sign(null, Buffer.from(input), key.privateKey).toString('base64url')}`;
}

export const uriOf = (list: number): string => `https://license.example/api/v1/status-lists/${list}`;
const placeIn = (list: number): object => ({ status_list: { idx: 2, uri: uriOf(list) } });

/** A license of list 1, place 2. */
export function license(claims: object = {}, key?: Signed): string {
  const all = {
    jti: LICENSE_ID,
    iss: ISSUER,
    iat: NOW - 30 * DAY,
    exp: NOW + 100 * DAY,
    customer: { id: 'C-1', name: 'Acme' },
    module: { technical_name: 'payroll', allowed_major_versions: ['17', '18'] },
    license_type: 'subscription',
    status: placeIn(1),
    ...claims,
  };
  return jws({ typ: 'JWT' }, all, key);
}

/** A list with one status at place 2, made so many seconds before NOW. */
export function listOf(list: number, status: number, ageS = 0, claims: object = {}, key?: Signed): string {
  const statuses = deflateSync(Uint8Array.of(status << 4)).toString('base64url');
  const iat = NOW - ageS;
  return jws(
    { typ: 'statuslist+jwt' },
    {
      sub: uriOf(list),
      iat,
      ttl: 300,
      exp: iat + 35 * DAY,
      status_list: { bits: 2, lst: statuses },
      ...claims,
    },
    key,
  );
}

/** An activation of the license, in list 2, place 2. */
export async function activation(claims: object = {}, key?: Signed): Promise<string> {
  const all = {
    iss: ISSUER,
    jti: ACTIVATION_ID,
    sub: LICENSE_ID,
    fp: await activationFingerprint(LICENSE_ID, FINGERPRINT),
    fence: 1_770_145_930_123,
    iat: NOW - 60,
    exp: NOW + 30 * DAY,
    status: placeIn(2),
    ...claims,
  };
  return jws({ typ: 'aegis-activation+jwt' }, all, key);
}

/** jwks.jwt with k1; k2 is compromised. */
export function keySet(claims: object = {}, key: Signed = root): string {
  const all = {
    iat: NOW - DAY,
    exp: NOW + 90 * DAY,
    keys: [jwkOf(k1)],
    compromised: [{ kid: k2.kid, at: NOW - 2 * DAY, after: null }],
    ...claims,
  };
  return jws({ typ: 'jwk-set+jwt' }, all, key);
}

/** What asks for the license, at NOW, by k1. */
export function options(different: Partial<VerifyOptions> = {}): VerifyOptions {
  return {
    keys: [jwkOf(k1)],
    issuer: ISSUER,
    module: 'payroll',
    version: '17.0.1.2',
    now: NOW,
    ...different,
  };
}
