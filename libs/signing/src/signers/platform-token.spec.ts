import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPlatformToken } from './platform-token';

let file: string;
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'aegis-token-')), 'token');
});
afterEach(() => {
  rmSync(join(file, '..'), { recursive: true });
});
const read = (): Promise<string> => readPlatformToken(file, 'VAULT_JWT_FILE', 'It is a token.');

it('reads a JWT, without the line feed behind it', async () => {
  writeFileSync(file, 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln-_nature\n', { mode: 0o644 });
  expect(await read()).toBe('eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln-_nature');
});

it.each([
  ['passwords of the system', 'root:$y$j9T$canary7f3a:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n'],
  ['a passphrase', 'canary7f3a-canary7f3a\n'],
  ['a private key', '-----BEGIN PRIVATE KEY-----\ncanary7f3a\n-----END PRIVATE KEY-----\n'],
  ['a URL of a database', 'postgres://app:canary7f3a@db.acme.test/aegis'],
  ['a token and more', 'a.b.canary7f3a\nmore\n'],
  ['nothing', ''],
])('never hands out what is not a JWT: %s', async (_, content) => {
  writeFileSync(file, content, { mode: 0o600 });
  await expect(read()).rejects.toThrow(
    /^The file that VAULT_JWT_FILE names does not contain a JWT, and is not sent\. It is a token\.$/,
  );
});

it('never hands out a file that others may write to', async () => {
  writeFileSync(file, 'a.b.c', { mode: 0o600 });
  chmodSync(file, 0o666);
  await expect(read()).rejects.toThrow(/^The file that VAULT_JWT_FILE names has mode 0666: /);
});
