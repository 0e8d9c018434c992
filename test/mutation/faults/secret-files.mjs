import { inFile } from './fault.mjs';

export default {
  area: 'secret files',
  suites: [
    'libs/secret-files/src/own-links.spec.ts',
    'libs/secret-files/src/programs.spec.ts',
    'libs/secret-files/src/secret-files.spec.ts',
    'libs/config/src/load-environment.spec.ts',
    'libs/config/src/development-secrets.spec.ts',
    'libs/config/src/dot-env.spec.ts',
    'libs/config/src/sources/dot-env-trust.spec.ts',
    'libs/embedded-postgres/src/binaries.spec.ts',
    'libs/embedded-postgres/src/credentials.spec.ts',
    'libs/signing/src/keys/durable-file.spec.ts',
    'libs/signing/src/signers/pkcs11/pkcs11-module.spec.ts',
    'libs/signing/src/signers/platform-token.spec.ts',
    'libs/checkpoints/src/shipping/file-sink.spec.ts',
    'apps/cli/src/terminal/output-path.spec.ts',
    'test/make-secrets.spec.ts',
  ],
  faults: [
    ...inFile('docker/make-secrets.sh', [
      ['follows links to files of root', '[ -z "$links" ] ||', 'true ||'],
      [
        'leaves the folder of the secrets to the user who reads them',
        'chown 0:0 "$folder"',
        'chown "$user" "$folder"',
      ],
      ['makes secrets in a folder that somebody chose', '[ ! -L "$folder" ] ||', 'true ||'],
      [
        'follows a link with a slash at its end',
        'while [ "$folder" != "${folder%/}" ]; do',
        'while false; do',
      ],
      ['waits for a pipe in place of a secret', '[ -z "$others" ] ||', 'true ||'],
      ['keeps an empty secret', '[ -z "$empty" ] ||', 'true ||'],
      [
        'makes an empty passphrase where openssl fails',
        'passphrase=$(openssl rand -base64 32)',
        'passphrase=$(openssl rand -base64 32 || true)',
      ],
    ]),
    ...inFile('libs/secret-files/src/file-rule.ts', [
      ['lets others read a secret', 'forbidden: 0o027,', 'forbidden: 0o023,'],
      ['lets the group write a secret', 'forbidden: 0o027,', 'forbidden: 0o007,'],
      ['lets the group read what it created', 'forbidden: 0o077,', 'forbidden: 0o037,'],
      ['lets others change a public key', 'forbidden: 0o022,', 'forbidden: 0o020,'],
      ['takes a secret of another user', 'if (isForeign(status.uid))', 'if (false)'],
      ['takes no secret of root', 'uid !== 0 && uid !== user', 'uid !== user + 1'],
      ['takes what another user owns', 'uid !== 0 && uid !== user', 'uid === -1'],
      [
        'reads what is not a file',
        "if (!status.isFile()) throw new UnsafeFile('is not a regular file');",
        '',
      ],
      [
        'follows a link in place of its own file',
        'return followsLinks ? flags : flags',
        'return flags ? flags : flags',
      ],
      [
        'waits for the other end of a pipe',
        'constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY',
        'constants.O_RDONLY',
      ],
    ]),
    ...inFile('libs/secret-files/src/read-file.ts', [
      ['judges nothing', 'assertFileRule(await file.stat(), rule);', ''],
      ['judges nothing of a setting', '    assertFileRule(status, rule);\n', ''],
    ]),
    ...inFile('libs/secret-files/src/own-links.ts', [
      ['follows links of other users', '    assertOwnLink(next, uid);\n', ''],
      [
        'takes the parent of a link for that of its target',
        'process.cwd() + sep + path',
        'join(process.cwd(), path)',
      ],
      ['resolves the name of a file that is replaced', 'resolveOwnLinksSync(dirname(path))', 'dirname(path)'],
    ]),
    ...inFile('libs/secret-files/src/programs.ts', [
      ['runs what others may change', '  assertFileRule(statSync(real), READABLE);\n', ''],
      ['runs what another user may replace', 'if (isForeign(uid))', 'if (false)'],
      [
        'runs what is in a folder that others write to',
        '(mode & forbidden) === 0',
        '(mode & forbidden) !== -1',
      ],
      ['the group may replace a program', 'distance === 0 ? 0o022 : 0o002', '0o002'],
      ['folders further up are for one group', 'distance === 0 ? 0o022 : 0o002', '0o022'],
      ['a sticky bit is enough next to a program', 'distance >= closedFolders', 'true'],
      ['a sticky bit is never enough', 'distance >= closedFolders', 'false'],
      ['only the nearest folder counts', 'if (folder === dirname(folder)) return real;', 'return real;'],
      ['a link is judged in place of the program', 'const real = realpathSync(path);', 'const real = path;'],
    ]),
    ...inFile('libs/config/src/sources/setting-sources.ts', [
      [
        'reads a .env that others may write',
        '{ ...READABLE, followsLinks: false }',
        '{ ...READABLE, forbidden: 0, followsLinks: false }',
      ],
      [
        'reads a .env through a link of another user',
        'resolveOwnLinksSync(path), { ...READABLE, followsLinks: false }',
        'path, READABLE',
      ],
    ]),
    ...inFile('libs/embedded-postgres/src/binaries.ts', [
      ['runs any PG_BIN', '      trustedProgramSync(join(folder, program), 2);\n', ''],
      [
        'lets others put libraries next to PG_BIN',
        'trustedProgramSync(join(folder, program), 2)',
        'trustedProgramSync(join(folder, program))',
      ],
      ['runs PG_BIN through links', 'const folder = realpathSync(pgBin);', 'const folder = pgBin;'],
    ]),
    ...inFile('libs/signing/src/signers/pkcs11/pkcs11-module.ts', [
      ['loads any module', 'trustedProgramSync(modulePath)', 'modulePath'],
    ]),
    ...inFile('libs/signing/src/signers/platform-token.ts', [
      ['sends any file as a token', 'if (!JWS.test(token))', 'if (false)'],
      [
        'sends a file that others may write',
        'readTrustedFile(path, READABLE)',
        'readTrustedFile(path, { ...READABLE, forbidden: 0 })',
      ],
    ]),
    ...inFile('libs/signing/src/keys/durable-file.ts', [
      ['creates behind links of other users', 'resolveOwnParentSync(path)', 'path'],
      [
        'replaces through links of other users',
        'const target = resolveOwnLinksSync(path);',
        "const target = await (await import('node:fs/promises')).realpath(path);",
      ],
      ['leaves what it wrote to another user', 'isForeign(old.uid)', 'isForeign(0)'],
      ['makes folders behind links of other users', 'mkdir(resolveOwnLinksSync(path)', 'mkdir(path'],
    ]),
    ...inFile('libs/checkpoints/src/shipping/file-sink.ts', [
      [
        'appends through links of other users',
        'await resolveOwnLinks(this.path), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW',
        'this.path, O_RDWR | O_APPEND | O_CREAT',
      ],
    ]),
    ...inFile('apps/cli/src/terminal/output-path.ts', [
      ['creates behind links of other users', 'resolved(path, resolveOwnParentSync)', 'path'],
      ['looks behind links of other users', 'resolved(path, resolveOwnLinksSync)', 'path'],
    ]),
    ...inFile('libs/secret-files/src/folders.ts', [
      [
        'takes a link for its own folder',
        'const status = lstatSync(path);',
        'const status = statSync(path);',
      ],
      [
        'takes keys from a folder that others write to',
        '(status.mode & 0o002) === 0',
        '(status.mode & 0o002) !== -1',
      ],
      ['takes no read-only mount', ' || isMountedReadOnly(path)) return;', ') return;'],
      ['takes every mount for read-only', 'return false;', 'return true;'],
      ['leaves its own folder open', 'if ((status.mode & 0o777) !== 0o700) chmodSync(path, 0o700);', ''],
    ]),
    ...inFile('libs/config/src/sources/secret-file.ts', [
      [
        'reads any file for a secret',
        'readTrustedFileSync(path, SECRET)',
        'readTrustedFileSync(path, { ...SECRET, forbidden: 0 })',
      ],
    ]),
    ...inFile('libs/config/src/certificate-files.ts', [
      [
        'judges no key of a TLS client',
        'else assertTrustedFileSync(path, SECRET);',
        'else readTrustedFileSync(path, { ...SECRET, forbidden: 0 });',
      ],
      [
        'takes a CA that others may exchange',
        'readTrustedFileSync(path, READABLE)',
        'readTrustedFileSync(path, { ...READABLE, forbidden: 0 })',
      ],
    ]),
    ...inFile('libs/config/src/load-environment.ts', [
      [
        'reads secrets from a .env that everybody reads',
        'if (variables === undefined) assertDotEnvIsClosed(given, secretSettings());',
        '',
      ],
    ]),
    ...inFile('libs/embedded-postgres/src/credentials.ts', [
      [
        'reads credentials through a link',
        'readTrustedFileSync(path, OWN_SECRET)',
        'readTrustedFileSync(path, { ...OWN_SECRET, followsLinks: true })',
      ],
    ]),
  ],
};
