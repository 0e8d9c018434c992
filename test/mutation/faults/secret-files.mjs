import { inFile } from './fault.mjs';

export default {
  area: 'secret files',
  suites: [
    'libs/secret-files/src/secret-files.spec.ts',
    'libs/config/src/load-environment.spec.ts',
    'libs/config/src/development-secrets.spec.ts',
    'libs/config/src/dot-env.spec.ts',
    'libs/embedded-postgres/src/credentials.spec.ts',
  ],
  faults: [
    ...inFile('libs/secret-files/src/file-rule.ts', [
      ['lets others read a secret', 'forbidden: 0o027,', 'forbidden: 0o023,'],
      ['lets the group write a secret', 'forbidden: 0o027,', 'forbidden: 0o007,'],
      ['lets the group read what it created', 'forbidden: 0o077,', 'forbidden: 0o037,'],
      ['lets others change a public key', 'forbidden: 0o022,', 'forbidden: 0o020,'],
      ['takes a secret of another user', 'status.uid !== 0 && status.uid !== user', 'false'],
      ['takes no secret of root', 'status.uid !== 0 && status.uid !== user', 'status.uid !== user + 1'],
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
      ['judges nothing of a setting', 'assertFileRule(fstatSync(file), rule);', ''],
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
        'else readFileSync(path);',
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
