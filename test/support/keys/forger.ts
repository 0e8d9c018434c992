import { createHash, createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';

/** Claims of a token under construction; anything goes. */
export type Claims = Record<string, unknown>;

export function base64url(value: string | Uint8Array | object): string {
  const bytes = typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value);
  return Buffer.from(bytes as string).toString('base64url');
}

/** A compact JWS (RFC 7515) signed with Ed25519, with any content. */
export function signed(privateKey: KeyObject, header: string | object, claims: string | object): string {
  const input = `${base64url(header)}.${base64url(claims)}`;
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
}

/** The second `from` seconds away from now. */
export function seconds(from = 0): number {
  return Math.floor(Date.now() / 1000) + from;
}

/** Who stole the server's signing key: makes tokens that the server never made. */
export class Forger {
  readonly privateKey: KeyObject;

  constructor(
    keysDir: string,
    readonly kid: string,
  ) {
    this.privateKey = createPrivateKey({
      key: readFileSync(join(keysDir, `${kid}.private.pem`)),
      passphrase: 'a passphrase for tests',
    });
  }

  /** Claims of a perpetual license for `payroll` 17, except for what is given. */
  claims(different: Claims = {}): Claims {
    return {
      jti: randomUUID(),
      iss: 'https://license.biz4a.com',
      iat: seconds(-60),
      customer: { id: 'forged', name: 'Forged Inc.' },
      module: { technical_name: 'payroll', allowed_major_versions: ['17'] },
      license_type: 'perpetual',
      rev: 1,
      status: { status_list: { idx: 1, uri: 'http://localhost/api/v1/status-lists/0' } },
      ...different,
    };
  }

  token(claims: string | object = this.claims(), header: object = {}): string {
    return signed(this.privateKey, { alg: 'EdDSA', typ: 'JWT', kid: this.kid, ...header }, claims);
  }
}

/** Puts a token on record as a further one of a license that is there. */
export async function putOnRecord(
  sql: Client,
  licenseId: string,
  token: string,
  revision = 2,
): Promise<void> {
  await sql.query(
    `INSERT INTO license_tokens (sha256, license_id, key_id, revision)
     SELECT $1, id, key_id, $3 FROM licenses WHERE id = $2`,
    [createHash('sha256').update(token).digest(), licenseId, revision],
  );
}
