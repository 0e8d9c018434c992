/** RFC 9110 section 5.6.2: what a header's name consists of. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z/-]{1,255}$/;
/** Printable ASCII, and nothing that separates entries. */
const VALUE = /^[\x21-\x2b\x2d-\x7e]*$/;
const MOST_CHARACTERS = 8192;

/**
 * Reads a list of the form of OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS (W3C Baggage, without properties).
 * @param text `name=value,name=value`, values percent-encoded
 * @returns by name, decoded; undefined where the text has another form or a value that is not printable
 */
export function readAttributes(text: string): Record<string, string> | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  const attributes = new Map<string, string>();
  for (const entry of text.split(',')) {
    const [, name = '', value = ''] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/s.exec(entry) ?? [];
    const decoded = VALUE.test(value.replaceAll(' ', '')) ? decode(value) : undefined;
    if (!NAME.test(name) || decoded === undefined || attributes.has(name)) return undefined;
    attributes.set(name, decoded);
  }
  return Object.fromEntries(attributes);
}

function decode(value: string): string | undefined {
  try {
    const decoded = decodeURIComponent(value);
    return /^\P{Cc}*$/u.test(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}
