import type { KeyObject } from 'node:crypto';

/** What one endpoint's messages are signed with. */
export interface EndpointKeys {
  /** 32 bytes, for HMAC-SHA256. */
  secret: Buffer;
  /** Ed25519. */
  privateKey: KeyObject;
}
