import type * as everywhere from '../../../../libs/license-token/src/text/base64url';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * As `decodeBase64url` of `libs/license-token`, in its place in the build for Node: Node takes many spellings and writes
 * one.
 */
export const decodeBase64url: typeof everywhere.decodeBase64url = (encoded) => {
  const bytes = Buffer.from(encoded, 'base64url');
  return bytes.toString('base64url') === encoded ? bytes : null;
};

/** As `decodeBase64urlText` of `libs/license-token`. */
export const decodeBase64urlText: typeof everywhere.decodeBase64urlText = (encoded) => {
  const bytes = decodeBase64url(encoded);
  if (bytes === null) return null;
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
};
