import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonFile } from './json-file';

describe('a JSON file as storage', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-json-file-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('has what was saved last, for its owner only, and leaves no other file', async () => {
    const path = join(folder, 'state.json');
    const file = jsonFile(path);
    expect(await file.load()).toBeNull();
    await file.save({ trusted_at: 1, seen_at: 2 });
    expect(await jsonFile(path).load()).toEqual({ trusted_at: 1, seen_at: 2 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['state.json']);
  });

  it('writes in the order of the calls', async () => {
    const file = jsonFile(join(folder, 'state.json'));
    await Promise.all(Array.from({ length: 50 }, (_, call) => file.save(call)));
    expect(await file.load()).toBe(49);
  });

  it('is empty where it was cut off by something else', async () => {
    const path = join(folder, 'state.json');
    writeFileSync(path, '{"seen_at":');
    expect(await jsonFile(path).load()).toBeNull();
  });

  it('keeps the value of before where a new one cannot be written', async () => {
    const path = join(folder, 'state.json');
    const file = jsonFile(path);
    await file.save('before');
    await expect(jsonFile(join(folder, 'missing', 'state.json')).save('x')).rejects.toThrow(/ENOENT/);
    // A folder cannot be replaced by a file.
    await expect(jsonFile(folder).save('x')).rejects.toThrow();
    expect(readFileSync(path, 'utf8')).toBe('"before"');
    expect(readdirSync(folder)).toEqual(['state.json']);
    await file.save('after');
    expect(await file.load()).toBe('after');
  });
});
