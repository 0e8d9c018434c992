import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '@aegis/errors';
import { listPrivateKeys, readPrivateKey, readPublicKeys } from './key-files';
import { adoptKeyPair, writeKeyPair } from './key-pair-writer';

const PASSPHRASE = 'correct horse battery staple';

async function refusal(attempt: Promise<unknown>): Promise<Error> {
  try {
    await attempt;
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return error as Error;
  }
  throw new Error('nothing was refused');
}

describe('KEYS_DIR', () => {
  let directory: string;
  let keysDir: string;
  const path = (name: string): string => join(keysDir, name);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'aegis-keys-'));
    keysDir = join(directory, 'nested', 'keys');
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('contains only the new pair: directory 0700, private file 0600 and encrypted, public file 0644', async () => {
    const umask = process.umask(0o077);
    try {
      await writeKeyPair(keysDir, 'aegis-2026-11', PASSPHRASE);
    } finally {
      process.umask(umask);
    }
    expect((await stat(keysDir)).mode & 0o777).toBe(0o700);
    expect((await stat(path('aegis-2026-11.private.pem'))).mode & 0o777).toBe(0o600);
    expect((await stat(path('aegis-2026-11.public.pem'))).mode & 0o777).toBe(0o644);
    expect(await readFile(path('aegis-2026-11.private.pem'), 'utf8')).toMatch(
      /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/,
    );
    expect((await readdir(keysDir)).sort()).toEqual([
      'aegis-2026-11.private.pem',
      'aegis-2026-11.public.pem',
    ]);
  });

  it('gives back the pair that was written', async () => {
    const publicKey = await writeKeyPair(keysDir, 'k1', PASSPHRASE);
    const pair = await readPrivateKey(keysDir, 'k1', PASSPHRASE);
    expect(pair.publicKey.equals(publicKey)).toBe(true);
    expect(pair.warning).toBeNull();
    expect((await readPublicKeys(keysDir)).get('k1')?.equals(publicKey)).toBe(true);
    expect(await listPrivateKeys(keysDir)).toEqual(['k1']);
  });

  it.each(['k1.private.pem', 'k1.public.pem'])(
    'never overwrites %s, and leaves no half pair',
    async (name) => {
      await mkdir(keysDir, { recursive: true });
      await writeFile(path(name), 'precious');
      const error = await refusal(writeKeyPair(keysDir, 'k1', PASSPHRASE));
      expect(error.message).toMatch(new RegExp(`${name} exists and is never overwritten`));
      expect(await readFile(path(name), 'utf8')).toBe('precious');
      expect(await readdir(keysDir)).toEqual([name]);
    },
  );

  describe('with a private key from elsewhere', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    beforeEach(async () => {
      await mkdir(keysDir, { recursive: true, mode: 0o700 });
    });

    it('contains the pair', async () => {
      await adoptKeyPair(keysDir, 'k1', PASSPHRASE, privateKey);
      expect((await readPrivateKey(keysDir, 'k1', PASSPHRASE)).publicKey.equals(publicKey)).toBe(true);
      expect(await readFile(path('k1.public.pem'), 'utf8')).toBe(pem);
    });

    it('contains the pair, and an existing public file of it is not changed', async () => {
      const written = `with a comment\n${pem}`;
      await writeFile(path('k1.public.pem'), written);
      await adoptKeyPair(keysDir, 'k1', PASSPHRASE, privateKey);
      expect((await readPrivateKey(keysDir, 'k1', PASSPHRASE)).publicKey.equals(publicKey)).toBe(true);
      expect(await readFile(path('k1.public.pem'), 'utf8')).toBe(written);
    });

    it('refuses it if the public file of another key exists', async () => {
      const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });
      await writeFile(path('k1.public.pem'), other);
      const { message } = await refusal(adoptKeyPair(keysDir, 'k1', PASSPHRASE, privateKey));
      expect(message).toMatch(/^k1\.public\.pem in KEYS_DIR is not the public key of this private key: /);
      expect(await readdir(keysDir)).toEqual(['k1.public.pem']);
    });

    it('never overwrites a private file', async () => {
      await writeFile(path('k1.private.pem'), 'precious');
      const { message } = await refusal(adoptKeyPair(keysDir, 'k1', PASSPHRASE, privateKey));
      expect(message).toMatch(/k1\.private\.pem exists and is never overwritten: if it is this key, /);
      expect(await readFile(path('k1.private.pem'), 'utf8')).toBe('precious');
      expect(await readdir(keysDir)).toEqual(['k1.private.pem']);
    });
  });

  it('does not write through a dangling link', async () => {
    await mkdir(keysDir, { recursive: true });
    await symlink(join(directory, 'elsewhere'), path('k1.private.pem'));
    await refusal(writeKeyPair(keysDir, 'k1', PASSPHRASE));
    expect(await readdir(directory)).toEqual(['nested']);
  });

  it('contains one complete pair when five processes write the same kid at once', async () => {
    const attempts = await Promise.allSettled(
      Array.from({ length: 5 }, () => writeKeyPair(keysDir, 'k1', PASSPHRASE)),
    );
    const [written, ...others] = attempts.filter((attempt) => attempt.status === 'fulfilled');
    expect(others).toEqual([]);
    const pair = await readPrivateKey(keysDir, 'k1', PASSPHRASE);
    expect(pair.publicKey.equals(written!.value)).toBe(true);
    expect((await readdir(keysDir)).sort()).toEqual(['k1.private.pem', 'k1.public.pem']);
  });

  it.each(['', '../k1', 'a/b', '.k1', '-k1', 'k 1', 'k1\n', 'k'.repeat(51), 'clé'])(
    'takes no key id %j',
    async (kid) => {
      expect((await refusal(writeKeyPair(keysDir, kid, PASSPHRASE))).message).toMatch(
        /^A key id is 1 to 50 of/,
      );
      expect((await refusal(readPrivateKey(keysDir, kid, PASSPHRASE))).message).toMatch(
        /^A key id is 1 to 50 of/,
      );
      expect(await readdir(directory)).toEqual([]);
    },
  );

  it('names the directory that cannot be made', async () => {
    await writeFile(join(directory, 'nested'), '');
    expect((await refusal(writeKeyPair(keysDir, 'k1', PASSPHRASE))).message).toMatch(
      /keys can't be made \(ENOTDIR\).*KEYS_DIR/,
    );
  });

  describe('public keys', () => {
    beforeEach(() => mkdir(keysDir, { recursive: true }));

    it('are empty when the directory is missing or empty', async () => {
      expect((await readPublicKeys(keysDir)).size).toBe(0);
      expect((await readPublicKeys(join(directory, 'missing'))).size).toBe(0);
      expect(await listPrivateKeys(join(directory, 'missing'))).toEqual([]);
    });

    it.each([
      ['indented', (pem: string) => pem.replace(/^/gm, '  ')],
      ['with CR LF', (pem: string) => pem.replaceAll('\n', '\r\n')],
      ['after a byte order mark', (pem: string) => `\ufeff${pem}`],
    ])('are read %s', async (_, change) => {
      const { publicKey } = generateKeyPairSync('ed25519');
      await writeFile(
        path('k1.public.pem'),
        change(publicKey.export({ type: 'spki', format: 'pem' }).toString()),
      );
      expect((await readPublicKeys(keysDir)).get('k1')?.equals(publicKey)).toBe(true);
    });

    it('must not be two in one file', async () => {
      const pems = [1, 2].map(() =>
        generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      );
      await writeFile(path('k1.public.pem'), pems.join(''));
      expect((await refusal(readPublicKeys(keysDir))).message).toContain(
        'must contain one "PUBLIC KEY" in PEM',
      );
    });

    it('are read only from `<kid>.public.pem`: other files and hidden files are skipped', async () => {
      const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });
      await writeFile(path('k1.public.pem'), pem);
      await writeFile(path('.k2.public.pem'), 'hidden');
      await writeFile(path('README'), 'hello');
      await mkdir(path('..data'));
      expect([...(await readPublicKeys(keysDir)).keys()]).toEqual(['k1']);
    });

    it.each([
      ['no PEM', 'hello', /can't be read.*PUBLIC KEY/],
      [
        'an RSA key',
        generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }),
        /type rsa, not Ed25519/,
      ],
      [
        'an X25519 key',
        generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }),
        /type x25519, not Ed25519/,
      ],
      [
        'two public keys',
        [1, 2]
          .map(() => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }))
          .join(''),
        /one "PUBLIC KEY" in PEM and nothing else/,
      ],
      [
        'a private key in clear',
        generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
        /"PUBLIC KEY" in PEM and nothing else/,
      ],
    ])('are refused when a file holds %s', async (_name, content, message) => {
      await writeFile(path('k1.public.pem'), content);
      const error = await refusal(readPublicKeys(keysDir));
      expect(error.message).toMatch(message);
      expect(error.message).toContain('k1.public.pem');
    });

    it.each([0o664, 0o646, 0o666])('are refused when others may change them: mode %o', async (mode) => {
      const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });
      await writeFile(path('k1.public.pem'), pem);
      await chmod(path('k1.public.pem'), mode);
      expect((await refusal(readPublicKeys(keysDir))).message).toMatch(
        new RegExp(`k1\\.public\\.pem in KEYS_DIR has mode 0${mode.toString(8)}: .*chmod go-w`),
      );
    });

    it('are refused when the name of a file is not a key id', async () => {
      await writeFile(path('k 1.public.pem'), '');
      expect((await refusal(readPublicKeys(keysDir))).message).toContain('"k 1"');
    });

    it('are refused when a file is a directory', async () => {
      await mkdir(path('k1.public.pem'));
      expect((await refusal(readPublicKeys(keysDir))).message).toMatch(
        /k1\.public\.pem in KEYS_DIR is not a regular file/,
      );
    });
  });

  describe('private keys', () => {
    beforeEach(() => writeKeyPair(keysDir, 'k1', PASSPHRASE));

    it.each([0o600, 0o400, 0o440, 0o640])('are read with mode %o', async (mode) => {
      await chmod(path('k1.private.pem'), mode);
      expect((await readPrivateKey(keysDir, 'k1', PASSPHRASE)).privateKey.type).toBe('private');
    });

    it.each([0o604, 0o602, 0o601, 0o620, 0o660, 0o644, 0o777])('are refused with mode %o', async (mode) => {
      await chmod(path('k1.private.pem'), mode);
      expect((await refusal(readPrivateKey(keysDir, 'k1', PASSPHRASE))).message).toMatch(
        new RegExp(`k1\\.private\\.pem in KEYS_DIR has mode 0${mode.toString(8)}: .*chmod 600`),
      );
    });

    it('are read through links, as Kubernetes mounts them, and the mode of the target is checked', async () => {
      const mount = join(directory, 'mount');
      await mkdir(mount);
      await symlink(keysDir, join(mount, '..data'));
      for (const half of ['private', 'public']) {
        await symlink(join('..data', `k1.${half}.pem`), join(mount, `k1.${half}.pem`));
      }
      expect((await readPrivateKey(mount, 'k1', PASSPHRASE)).privateKey.type).toBe('private');
      await chmod(path('k1.private.pem'), 0o644);
      expect((await refusal(readPrivateKey(mount, 'k1', PASSPHRASE))).message).toContain('has mode 0644');
    });

    it('are neither read nor written if others may put files next to them', async () => {
      await chmod(keysDir, 0o1777);
      for (const attempt of [
        () => readPrivateKey(keysDir, 'k1', PASSPHRASE),
        () => readPublicKeys(keysDir),
        () => listPrivateKeys(keysDir),
        () => writeKeyPair(keysDir, 'k2', PASSPHRASE),
      ])
        expect((await refusal(attempt())).message).toMatch(
          /^KEYS_DIR \(.*\) has mode 1777: others may put keys into it\..*chmod o-w/,
        );
      expect((await readdir(keysDir)).sort()).toEqual(['k1.private.pem', 'k1.public.pem']);
    });

    it('are refused when the file is missing, with what to do', async () => {
      expect((await refusal(readPrivateKey(keysDir, 'k2', PASSPHRASE))).message).toMatch(
        /no file k2\.private\.pem.*aegis keys generate/,
      );
    });

    it('are refused with a wrong and without a passphrase, each in its own words', async () => {
      const wrong = await refusal(readPrivateKey(keysDir, 'k1', 'guessed-4711'));
      expect(wrong.message).toMatch(/passphrase of k1\.private\.pem is wrong/);
      expect(wrong.message).not.toContain('guessed-4711');
      expect((await refusal(readPrivateKey(keysDir, 'k1', undefined))).message).toMatch(
        /no passphrase is set/,
      );
    });

    it('are refused when the public key is of another pair', async () => {
      await writeKeyPair(keysDir, 'k2', PASSPHRASE);
      await writeFile(path('k1.public.pem'), await readFile(path('k2.public.pem')));
      expect((await refusal(readPrivateKey(keysDir, 'k1', PASSPHRASE))).message).toMatch(
        /k1\.private\.pem and k1\.public\.pem in KEYS_DIR are not a pair/,
      );
    });

    it('are read without their public file, which they contain', async () => {
      const publicKey = (await readPublicKeys(keysDir)).get('k1')!;
      await rm(path('k1.public.pem'));
      expect((await readPrivateKey(keysDir, 'k1', PASSPHRASE)).publicKey.equals(publicKey)).toBe(true);
    });
  });
});
