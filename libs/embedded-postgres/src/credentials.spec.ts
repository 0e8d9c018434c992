import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '@aegis/errors';
import { readOrCreateCredentials } from './credentials';

describe('credentials of the embedded PostgreSQL', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'aegis-credentials-'));
  });
  afterEach(() => {
    rmSync(dataDir, { recursive: true });
  });
  const file = (): string => join(dataDir, 'secrets', 'embedded-postgres.json');

  it('are random, are kept, and only their owner can read them', () => {
    const made = readOrCreateCredentials(dataDir);
    expect(new Set(Object.values(made)).size).toBe(4);
    expect(made.applicationPassword).toMatch(/^[0-9a-f]{48}$/);
    expect(readOrCreateCredentials(dataDir)).toEqual(made);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(join(dataDir, 'secrets')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(dataDir, 'secrets'))).toEqual(['embedded-postgres.json']);
  });

  it('are refused when others may read them', () => {
    readOrCreateCredentials(dataDir);
    chmodSync(file(), 0o640);
    expect(() => readOrCreateCredentials(dataDir)).toThrow(
      /embedded-postgres.json has mode 0640: it must have mode 0600/,
    );
  });

  it.each(['secrets', 'secrets/embedded-postgres.json'])('are refused where %s is a link', (name) => {
    readOrCreateCredentials(dataDir);
    renameSync(join(dataDir, name), join(dataDir, 'elsewhere'));
    symlinkSync(join(dataDir, 'elsewhere'), join(dataDir, name));
    expect(() => readOrCreateCredentials(dataDir)).toThrow(/is a symbolic link/);
  });

  it('leave no part of them, and the reason, where they cannot be written', () => {
    // The draft's name is longer than a path may be, the file's own is not.
    let long = dataDir;
    while (long.length < 3_800) long = join(long, 'x'.repeat(200));
    long = join(long, 'x'.repeat(4_090 - long.length - '//secrets/embedded-postgres.json'.length));
    expect(() => readOrCreateCredentials(long)).toThrow(
      /embedded-postgres.json can't be written \(ENAMETOOLONG\)/,
    );
    expect(readdirSync(join(long, 'secrets'))).toEqual([]);
  });

  it.each(['', '{}', 'null', '{"clusterId":"../../etc"}'])('are refused when damaged: %j', (text) => {
    readOrCreateCredentials(dataDir);
    writeFileSync(file(), text);
    expect(() => readOrCreateCredentials(dataDir)).toThrow(ConfigurationError);
  });
});
