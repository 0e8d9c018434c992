/** A block of a PEM file (RFC 7468), without what editors and templates add. */
export interface PemBlock {
  /** As between BEGIN and the dashes, e.g. `PUBLIC KEY`. */
  label: string;
  /** Its content without white space; not yet checked to be base64. */
  base64: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * The blocks of a PEM file, in their order. Indentation (YAML), a byte order mark, CR LF and blanks at the ends of
 * lines are not part of it: OpenSSL refuses some of them with errors that look like those of a wrong passphrase.
 */
export function pemBlocks(text: string): PemBlock[] {
  return Array.from(text.matchAll(BLOCK), ([, label = '', content = '']) => ({
    label,
    base64: content.replace(/\s+/g, ''),
  }));
}

/** Whether the content of a block is base64: a damaged one looks like a wrong passphrase later. */
export function isIntact({ base64 }: PemBlock): boolean {
  return base64.length % 4 === 0 && BASE64.test(base64);
}

/** A block in the one form that every reader takes. */
export function canonicalPem({ label, base64 }: PemBlock): string {
  const lines = base64.match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
