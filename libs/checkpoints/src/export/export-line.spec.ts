import { parseExportLine, recordOfLeaf } from './export-line';
import { leafOf } from '../tree/leaf';

function lineOf(eventData: string): string {
  const leaf = leafOf({
    id: '7',
    recorded_at: '2026-01-01T00:00:00.000Z',
    event_type: 'license.revoked',
    license_id: null,
    customer_id: 'C-1',
    module_name: null,
    api_key_id: null,
    actor: 'system',
    user_agent: null,
    request_id: null,
    event_data: eventData,
    occurred_at: null,
  });
  return JSON.stringify({ type: 'record', index: 0, leaf, path: [], record: recordOfLeaf(leaf) });
}

describe('a line of an export', () => {
  it.each([
    // With the object around them 33 levels.
    ['32 lists', '['.repeat(32), ']'.repeat(32)],
    ['33 lists', '['.repeat(33), ']'.repeat(33)],
    ['34 lists', '['.repeat(34), ']'.repeat(34)],
    ['20,000 objects', '{"a":'.repeat(20_000), '}'.repeat(20_000)],
  ])('says "too large" instead of data that nests too deep: %s', (_, open, close) => {
    const line = lineOf(`{"text": "]]]]\\"", "data": ${open}1${close}}`);
    expect(parseExportLine(line)).toMatchObject({ record: { event_data: { too_large: true } } });
  });

  it.each([
    `{"a": ${'['.repeat(31)}1${']'.repeat(31)}}`,
    `{"text": "${'[{'.repeat(100)}\\"${'['.repeat(100)}"}`,
  ])('shows data that nests as deep as is allowed: %s', (eventData) => {
    expect(parseExportLine(lineOf(eventData))).toMatchObject({
      record: { event_data: JSON.parse(eventData) },
    });
  });

  it.each([
    '{"n": 12345678901234567890}',
    '{"n": 0.1000000000000000055511151231257827}',
    '{"n": 1e400, "m": -1e400}',
    '{"n": 1.50, "z": -0}',
    '{"2": 1, "1": 2, "__proto__": {"a": null}}',
    '{"text": "\\u2028 \\ud800 é"}',
  ])('is read as it was written: %s', (eventData) => {
    const line = lineOf(eventData);
    expect(parseExportLine(line)).toMatchObject({ type: 'record', index: 0 });
    expect(parseExportLine(`${line}\r`)).toBeDefined();
  });

  const LINES = {
    export: '{"type":"export","format":"aegis-audit-export-1","exported_at":"2026-01-01T00:00:00.000Z"}',
    checkpoint: '{"type":"checkpoint","number":1,"jws":"a.b.c"}',
    record: lineOf('{"code": "VALID"}'),
    end: '{"type":"end","checkpoints":1,"records":1}',
  };

  it.each(Object.entries(LINES))('has the members of its kind, and no others: %s', (_, line) => {
    const members = JSON.parse(line) as Record<string, unknown>;
    expect(parseExportLine(line)).toEqual(members);
    for (const name of ['actual_record', 'verified', 'note', 'index', 'jws', '__proto__', 'constructor', ''])
      if (!Object.hasOwn(members, name))
        for (const changed of [
          line.replace(/}$/, `,${JSON.stringify(name)}:true}`),
          line.replace('{', `{${JSON.stringify(name)}:null,`),
        ])
          expect([changed, parseExportLine(changed)]).toEqual([changed, undefined]);
    for (const name of Object.keys(members)) {
      const { [name]: _left, ...others } = members;
      expect([name, parseExportLine(JSON.stringify(others))]).toEqual([name, undefined]);
      const ofNoType = JSON.stringify({ ...members, [name]: true });
      expect([name, parseExportLine(ofNoType)]).toEqual([name, undefined]);
    }
  });

  it('is one of the kinds that an export has', () => {
    for (const type of ['"toString"', '"__proto__"', '"Export"', '"export "', '["export"]', 'null', '1'])
      expect(parseExportLine(LINES.export.replace('"export"', type))).toBeUndefined();
  });

  it.each([
    ['a digit that a double does not keep', '12345678901234567000}', '12345678901234567891}'],
    ['a fraction that a double does not keep', '12345678901234567000}', '12345678901234567000.5}'],
    ['another spelling of the number', '12345678901234567000}', '1.2345678901234567e19}'],
    ['a name that is there twice', '"actor":"system"', '"actor":"mallory","actor":"system"'],
    ['a whole record that is there twice', '"record":', '"record":{"id":"8"},"record":'],
    ['a value', '"actor":"system"', '"actor":"mallory"'],
    ['a number for a text', '"id":"7"', '"id":7'],
  ])('is not read when its record was changed: %s', (_, from, to) => {
    const line = lineOf('{"n": 12345678901234567890}');
    const at = line.lastIndexOf(from);
    expect(at).toBeGreaterThan(0);
    const changed = line.slice(0, at) + to + line.slice(at + from.length);
    expect(parseExportLine(changed)).toBeUndefined();
  });
});
