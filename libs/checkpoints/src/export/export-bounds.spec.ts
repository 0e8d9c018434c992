import { jsonLine } from '@aegis/json';
import { leafOf } from '../tree/leaf';
import { isTooLongToExport, MOST_LINE } from './export-bounds';
import { type ExportLine, parseExportLine, recordOfLeaf } from './export-line';

/** Of a record whose leaf has that many characters. */
function leafWith(character: string, length: number): string {
  const leaf = (count: number): string =>
    leafOf({
      id: '7',
      recorded_at: '2026-01-01T00:00:00.000Z',
      event_type: 'license.revoked',
      license_id: null,
      customer_id: null,
      module_name: null,
      api_key_id: null,
      actor: 'system',
      user_agent: null,
      request_id: null,
      event_data: `{"text": "${character.repeat(count)}"}`,
      occurred_at: null,
    });
  const each = leaf(1).length - leaf(0).length;
  return leaf(Math.floor((length - leaf(0).length) / each));
}

describe('a leaf that may be exported', () => {
  it.each(['x', '\\"', '\\\\', '\u0085', '\u2028', '\u202e', '\\u0001', 'é', '🦊'])(
    'has a line that may be read, whatever it is made of: %j',
    (character) => {
      const leaf = leafWith(character, 524_288);
      expect(leaf.length).toBeGreaterThan(524_288 - 10);
      expect(isTooLongToExport(leaf)).toBe(false);
      const path = Array.from({ length: 12 }, () => 'A'.repeat(43));
      const line: ExportLine = { type: 'record', index: 4095, leaf, path, record: recordOfLeaf(leaf)! };
      expect(jsonLine(line).length).toBeLessThanOrEqual(MOST_LINE);
      expect(parseExportLine(jsonLine(line))).toEqual(line);
    },
  );

  it('has at most 512 Ki characters, several times what the database admits of a record', () => {
    expect(isTooLongToExport('x'.repeat(524_288))).toBe(false);
    expect(isTooLongToExport('x'.repeat(524_289))).toBe(true);
    // Each character escaped twice, in data of 64 KiB.
    expect(leafWith('\\"', 4 * 65_536).length * 2).toBeLessThanOrEqual(524_288);
  });
});
