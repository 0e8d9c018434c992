/**
 * Reads entitlements, one per line as `code=value`: true, false, a whole number, or a text. A line without a value is
 * true.
 */
export function entitlementsIn(text: string): Record<string, boolean | number | string> {
  const lines = text.split('\n').map((line) => line.trim());
  return Object.fromEntries(
    lines
      .filter((line) => line !== '')
      .map((line) => {
        const [, code = line, value = 'true'] = /^([^=]*?)\s*=\s*(.*)$/.exec(line) ?? [];
        return [code, valueOf(value)];
      }),
  );
}

function valueOf(text: string): boolean | number | string {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}
