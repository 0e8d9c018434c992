import { type OfflineFile, parseOfflineFile } from './offline-file';

const FILE: OfflineFile = {
  format: 'aegis-offline-activation/1',
  license_token: 'a.b.c',
  activation_token: 'd.e.f',
  key_set: 'g.h.i',
  status_lists: ['j.k.l', 'm.n.o'],
};
const content: object = FILE;

describe('an offline file', () => {
  it('is JSON, however it is laid out', () => {
    expect(parseOfflineFile(JSON.stringify(FILE))).toEqual(FILE);
    expect(parseOfflineFile(`${JSON.stringify(FILE, null, 2)}\n`)).toEqual(FILE);
  });

  it('may go without a key set and without lists, and with members of a later version', () => {
    const sparse = { ...FILE, key_set: null, status_lists: [] };
    expect(parseOfflineFile(JSON.stringify(sparse))).toEqual(sparse);
    expect(parseOfflineFile(JSON.stringify({ ...content, more: 1 }))).toEqual(FILE);
  });

  it.each([
    ['nothing', '', 'not a JSON object'],
    ['a list', '[]', 'not a JSON object'],
    ['a token', 'a.b.c', 'not a JSON object'],
    ['a doubled name', JSON.stringify(content).replace('{', '{"key_set":null,'), 'not a JSON object'],
    ['another format', JSON.stringify({ ...content, format: 'aegis-offline-activation/2' }), 'format'],
    ['no format', JSON.stringify({ ...content, format: undefined }), 'format'],
    ['no license', JSON.stringify({ ...content, license_token: null }), 'license_token'],
    ['no activation', JSON.stringify({ ...content, activation_token: undefined }), 'activation_token'],
    ['no member key_set', JSON.stringify({ ...content, key_set: undefined }), 'key_set'],
    ['a key set that is not signed', JSON.stringify({ ...content, key_set: { keys: [] } }), 'key_set'],
    ['no lists', JSON.stringify({ ...content, status_lists: null }), 'status_lists'],
    ['lists that are not texts', JSON.stringify({ ...content, status_lists: [1] }), 'status_lists'],
    ['17 lists', JSON.stringify({ ...content, status_lists: Array(17).fill('a') }), 'status_lists'],
    ['megabytes', JSON.stringify({ ...content, more: 'x'.repeat(2_097_152) }), 'longer than'],
  ])('is refused: %s', (_, text, why) => {
    const parsed = parseOfflineFile(text) as { malformed: string };
    expect(parsed.malformed.slice(0, why.length)).toBe(why);
  });
});
