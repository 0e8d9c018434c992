import { inSpan } from '@aegis/tracing';
import type { Signer } from './signer';

/** A signer whose signatures are spans of the request's trace, whatever makes them. */
export function traced(signer: Signer): Signer {
  const { kid } = signer;
  const attributes = { 'aegis.kid': kid };
  return { kid, sign: (input) => inSpan('sign', attributes, () => signer.sign(input)) };
}
