import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertFileRule, type FileRule, OWN_SECRET, READABLE, SECRET } from './file-rule';
import { assertKeysFolderSync, openOwnFolderSync } from './folders';
import { assertTrustedFileSync, readTrustedFile, readTrustedFileSync } from './read-file';
import { whyUnreadable } from './unsafe-file';

const CANARY = 'canary7f3a';
const ALL_MODES = Array.from({ length: 0o1000 }, (_, mode) => mode).filter((mode) => (mode & 0o400) !== 0);

let folder: string;
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aegis-secret-files-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Why each way of reading refuses a file; undefined when all of them read it. */
async function refusal(path: string, rule: FileRule): Promise<string | undefined> {
  const whys = [
    await readTrustedFile(path, rule).then((text) => {
      expect(text).toBe(CANARY);
    }, whyUnreadable),
    attempt(() => {
      expect(readTrustedFileSync(path, rule).toString()).toBe(CANARY);
    }),
    attempt(() => {
      assertTrustedFileSync(path, rule);
    }),
  ];
  expect(new Set(whys).size).toBe(1);
  expect(String(whys[0])).not.toContain(CANARY);
  return whys[0] ?? undefined;
}

function attempt(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return whyUnreadable(error);
  }
}

describe('a secret', () => {
  it.each([
    ['SECRET', SECRET, (mode: number) => (mode & 0o007) === 0 && (mode & 0o020) === 0],
    ['OWN_SECRET', OWN_SECRET, (mode: number) => (mode & 0o077) === 0],
    ['READABLE', READABLE, (mode: number) => (mode & 0o022) === 0],
  ] as const)(
    '%s is read with the modes that the rule allows, and with no other',
    async (_, rule, allows) => {
      writeFileSync(at('file'), CANARY);
      for (const mode of ALL_MODES) {
        chmodSync(at('file'), mode);
        const why = await refusal(at('file'), rule);
        if (allows(mode)) expect(why).toBeUndefined();
        else
          expect(why).toMatch(
            new RegExp(`^has mode 0${mode.toString(8)}: .*Run \`chmod [0-9a-z-]+\` on it$`),
          );
      }
    },
  );

  it('is judged by the file that its links lead to, as Kubernetes mounts it', async () => {
    mkdirSync(at('..2026'));
    writeFileSync(join(at('..2026'), 'secret'), CANARY, { mode: 0o440 });
    symlinkSync('..2026', at('..data'));
    symlinkSync(join('..data', 'secret'), at('secret'));
    expect(await refusal(at('secret'), SECRET)).toBeUndefined();
    chmodSync(join(at('..2026'), 'secret'), 0o444);
    expect(await refusal(at('secret'), SECRET)).toMatch(/^has mode 0444: /);
  });

  it('that this program creates is never a link', async () => {
    writeFileSync(at('file'), CANARY, { mode: 0o600 });
    symlinkSync(at('file'), at('link'));
    expect(await refusal(at('file'), OWN_SECRET)).toBeUndefined();
    expect(await refusal(at('link'), OWN_SECRET)).toMatch(/^is a symbolic link/);
  });

  it('must not be a folder, pipe, socket or device, and none of these blocks the reader', async () => {
    mkdirSync(at('folder'), { mode: 0o700 });
    execFileSync('mkfifo', ['-m', '600', at('pipe')]);
    const server = createServer().listen(at('socket'));
    try {
      expect(await refusal(at('folder'), SECRET)).toBe('is not a regular file');
      expect(await refusal(at('pipe'), SECRET)).toBe('is not a regular file');
      expect(await refusal('/dev/null', SECRET)).toBe('is not a regular file');
      expect(await refusal(at('socket'), SECRET)).toBe("can't be read (ENXIO)");
    } finally {
      server.close();
    }
  });

  it('says why it cannot be read', async () => {
    expect(await refusal(at('missing'), SECRET)).toBe("can't be read (ENOENT)");
    symlinkSync('circle', at('circle'));
    expect(await refusal(at('circle'), SECRET)).toMatch(/^is a symbolic link, or part of a loop/);
  });

  it('belongs to root or to the user that reads it', () => {
    const user = process.geteuid!();
    const status = (uid: number) => ({ isFile: () => true, uid, mode: 0o100600 });
    for (const uid of [0, user])
      expect(() => {
        assertFileRule(status(uid), SECRET);
      }).not.toThrow();
    for (const rule of [SECRET, OWN_SECRET, READABLE])
      expect(() => {
        assertFileRule(status(user + 1), rule);
      }).toThrow(
        `belongs to uid ${user + 1}: it must belong to root or to the user that runs this (uid ${user}). Run \`chown\` on it`,
      );
  });
});

describe('the folder of secrets that this program creates', () => {
  const mode = (path: string): number => statSync(path).mode & 0o7777;

  it('is made only for its user, and closed if it was open', () => {
    openOwnFolderSync(at('data/secrets'));
    expect(mode(at('data/secrets'))).toBe(0o700);
    chmodSync(at('data/secrets'), 0o777);
    openOwnFolderSync(at('data/secrets'));
    expect(mode(at('data/secrets'))).toBe(0o700);
  });

  it('must not be a link, and what the link leads to is not changed', () => {
    mkdirSync(at('elsewhere'), { mode: 0o755 });
    symlinkSync(at('elsewhere'), at('secrets'));
    expect(
      attempt(() => {
        openOwnFolderSync(at('secrets'));
      }),
    ).toMatch(/^is a symbolic link/);
    expect(mode(at('elsewhere'))).toBe(0o755);
  });

  it('must not belong to another user', () => {
    // Only root can give a folder away; anyone else looks at one of root's.
    const isRoot = process.geteuid?.() === 0;
    const foreign = isRoot ? at('secrets') : '/usr';
    if (isRoot) {
      mkdirSync(foreign);
      chownSync(foreign, 65534, 65534);
    }
    expect(
      attempt(() => {
        openOwnFolderSync(foreign);
      }),
    ).toMatch(isRoot ? /^belongs to uid 65534, / : /^belongs to uid 0, /);
  });
});

describe('the folder of keys', () => {
  it('may be missing, and readable by others, but not writable by them', () => {
    expect(
      attempt(() => {
        assertKeysFolderSync(at('missing'));
      }),
    ).toBeUndefined();
    mkdirSync(at('keys'));
    symlinkSync(at('keys'), at('link'));
    for (const mode of ALL_MODES) {
      chmodSync(at('keys'), mode);
      for (const path of [at('keys'), at('link')]) {
        const why = attempt(() => {
          assertKeysFolderSync(path);
        });
        if ((mode & 0o002) === 0) expect(why).toBeUndefined();
        else expect(why).toMatch(/^has mode 0[0-7]{3}: others may put keys into it\. /);
      }
    }
    chmodSync(at('keys'), 0o1777);
    expect(
      attempt(() => {
        assertKeysFolderSync(at('keys'));
      }),
    ).toMatch(/^has mode 1777: /);
  });

  // Needs a mount of its own, in a namespace of its own.
  const mount = [
    '-rm',
    'sh',
    '-c',
    'mount -t tmpfs -o "$1,mode=1777" tmpfs "$2" && shift 2 && exec "$@"',
    'sh',
  ];
  const mayMount = spawnSync('unshare', [...mount, 'ro', tmpdir(), 'true']).status === 0;
  (mayMount ? it : it.skip)('may be writable by others where it is mounted read-only, and only there', () => {
    mkdirSync(at('keys'));
    const script = `
      const { assertKeysFolderSync } = require(${JSON.stringify(join(__dirname, 'folders.ts'))});
      try { assertKeysFolderSync(process.argv[1]); console.log('accepted'); }
      catch (error) { console.log(error.message); }`;
    const swc = join(__dirname, '../../../test/support/register-swc.cjs');
    const judged = (options: string): string =>
      execFileSync(
        'unshare',
        [...mount, options, at('keys'), process.execPath, '-r', swc, '-e', script, at('keys')],
        { encoding: 'utf8' },
      ).trim();
    expect(judged('ro')).toBe('accepted');
    expect(judged('rw')).toMatch(/^has mode 1777: others may put keys into it\. .*mount it read-only$/);
  });
});
