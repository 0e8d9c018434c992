import { createHmac, sign } from 'node:crypto';
import type { EndpointKeys } from '../keys/endpoint-keys';

/**
 * Signs a message by Standard Webhooks, as `v1` (HMAC-SHA256, RFC 2104) and as `v1a` (Ed25519, RFC 8032): a receiver
 * verifies either.
 * @param id `webhook-id`
 * @param timestampSeconds `webhook-timestamp`: of this attempt
 * @param body byte for byte as it is sent
 * @param keys the current ones first; the previous ones during the overlap of a rotation
 * @returns value of `webhook-signature`
 */
export function signMessage(
  id: string,
  timestampSeconds: number,
  body: string,
  keys: readonly EndpointKeys[],
): string {
  const content = Buffer.from(`${id}.${timestampSeconds}.${body}`);
  return keys
    .flatMap(({ secret, privateKey }) => [
      `v1,${createHmac('sha256', secret).update(content).digest('base64')}`,
      `v1a,${sign(null, content, privateKey).toString('base64')}`,
    ])
    .join(' ');
}
