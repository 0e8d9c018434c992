import { hasSmallOrderR } from '@aegis/license-token';
import { verify, type KeyObject } from 'node:crypto';
import type { Signer } from '../signers/signer';

/** What a caller decides of the protected header; `alg` and `kid` follow from the signer. */
export interface JwsType {
  /** Media type without `application/`: `JWT` for licenses, `statuslist+jwt`, … */
  typ: string;
}

/**
 * Signs a JSON object as compact JWS (RFC 7515) with EdDSA over Ed25519 (RFC 8037).
 * @param signer - verifies its signature before it returns it.
 * @param header - the `typ`.
 * @param payload - claims; serialized in the order of their keys, absent when undefined.
 * @returns `header.payload.signature`, base64url without padding; the header is `{"alg":"EdDSA","typ":…,"kid":…}`.
 */
export function signCompact(signer: Signer, header: JwsType, payload: object): Promise<string> {
  return signInput(signer, signingInput(signer, header, payload));
}

/**
 * What of a compact JWS is signed, for those who look at it before they sign it.
 * @param signer - the one that is to sign it.
 * @returns `header.payload`, as `signCompact` has it.
 */
export function signingInput(signer: Signer, header: JwsType, payload: object): string {
  return `${encode({ alg: 'EdDSA', typ: header.typ, kid: signer.kid })}.${encode(payload)}`;
}

/**
 * @param signer - the one that the input was made for.
 * @param input - of `signingInput`.
 * @returns `header.payload.signature`.
 */
export async function signInput(signer: Signer, input: string): Promise<string> {
  const signature = await signer.sign(Buffer.from(input, 'ascii'));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

/**
 * Whether an Ed25519 signature is valid (RFC 8032). On the path of every validation.
 * @param publicKey - Ed25519.
 * @param signingInput - `header.payload` of a compact JWS, base64url as received (RFC 7515, section 5.2).
 * @param signature - decoded; of any length but 64 bytes it does not hold, nor with an R of small order.
 */
export function verifySigningInput(
  publicKey: KeyObject,
  signingInput: string,
  signature: Uint8Array,
): boolean {
  return !hasSmallOrderR(signature) && verify(null, Buffer.from(signingInput, 'utf8'), publicKey, signature);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}
