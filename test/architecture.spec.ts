import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..');

/** Runs the project's rules over a tree; returns what breaks them, as `<rule>: <file>`. */
function violations(folder: string): string[] {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
      '--config',
      join(ROOT, '.dependency-cruiser.cjs'),
      '--output-type',
      'json',
      'apps',
      'libs',
      'migrations',
      'clients/console/src',
    ],
    { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (stdout === '') throw new Error(stderr);
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string }; from: string }[] };
  };
  return summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`).sort();
}

/** A tree of a few files that keeps every rule, except for what is planted. */
function treeWith(planted: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-architecture-'));
  const sound = {
    'apps/server/src/main.ts': `import '@aegis/licensing';`,
    'libs/errors/src/index.ts': `export const e = 1;`,
    'libs/license-token/src/index.ts': `export const t = 1;`,
    'libs/database/src/index.ts': `export const d = 1;`,
    'libs/database/src/inner.ts': `export const inner = 1;`,
    'libs/http/src/index.ts': `import express from 'express'; export const w = express;`,
    'libs/audit/src/index.ts': `export { d } from '@aegis/database';`,
    'libs/customers/src/index.ts': `export { d } from '@aegis/audit';`,
    'libs/signing/src/index.ts': `export const s = 1;`,
    'libs/licensing/src/index.ts': `export { d } from '@aegis/customers'; export { t } from '@aegis/license-token';`,
    'libs/licensing/src/http/routes.ts': `import { Router } from 'express'; export const r = Router;`,
    'libs/licensing/src/http.ts': `export { r } from './http/routes';`,
    'libs/licensing/src/licensing-http.module.ts': `export { w } from '@aegis/http'; export { r } from './http/routes';`,
    'clients/console/src/main.tsx': `import 'react'; import type { paths } from '../../typescript/schema'; export type P = paths;`,
    'clients/typescript/src/index.ts': `export const verify = 1;`,
    'clients/typescript/schema.d.ts': `export interface paths {}`,
    'migrations/data-source.ts': `export { d } from '@aegis/database';`,
    'test/support/thing.ts': `export const thing = 1;`,
  };
  for (const [file, text] of Object.entries({ ...sound, ...planted })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  copyFileSync(join(ROOT, 'tsconfig.json'), join(folder, 'tsconfig.json'));
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** What must not pass: a name, the file it is planted in, its text, and the rule that it breaks. */
const PLANTED: [name: string, file: string, text: string, rule: string][] = [
  [
    'a free lib that imports one of ours',
    'libs/errors/src/a.ts',
    `import '@aegis/database';`,
    'errors-imports',
  ],
  [
    'a platform lib that imports a domain lib',
    'libs/lists/src/a.ts',
    `import '@aegis/signing';`,
    'lists-imports',
  ],
  [
    'a domain lib that imports a higher one',
    'libs/signing/src/a.ts',
    `import '@aegis/licensing';`,
    'signing-imports',
  ],
  [
    'a lib that imports an app',
    'libs/signing/src/b.ts',
    `import '../../../apps/server/src/main';`,
    'signing-imports',
  ],
  ['a cycle', 'libs/audit/src/a.ts', `import './b';`, 'no-cycle'],
  [
    'an import past the front door',
    'libs/audit/src/c.ts',
    `import '../../database/src/inner';`,
    'front-door-only',
  ],
  [
    'an app that goes past the front door',
    'apps/server/src/a.ts',
    `import '../../../libs/database/src/inner';`,
    'front-door-only-from-outside',
  ],
  ['express in a service', 'libs/signing/src/c.ts', `import 'express';`, 'http-stays-in-http'],
  ['swagger in a service', 'libs/signing/src/d.ts', `import '@nestjs/swagger';`, 'http-stays-in-http'],
  ['the lib http in a service', 'libs/signing/src/g.ts', `import '@aegis/http';`, 'http-stays-in-http'],
  [
    'routes of another lib in a service',
    'libs/statistics/src/a.ts',
    `import '@aegis-http/licensing';`,
    'http-stays-in-http',
  ],
  [
    'routes in the command line',
    'apps/cli/src/a.ts',
    `import '@aegis-http/licensing';`,
    'http-not-in-commands',
  ],
  ['Node in the shared token code', 'libs/license-token/src/a.ts', `import 'node:crypto';`, 'pure-token'],
  [
    'a deep import of Nest',
    'libs/signing/src/e.ts',
    `import '@nestjs/common/utils/shared.utils';`,
    'no-deep-nest',
  ],
  [
    'a deep import of Nest, one level down',
    'libs/signing/src/h.ts',
    `import '@nestjs/common/constants';`,
    'no-deep-nest',
  ],
  [
    'test code in production',
    'apps/server/src/b.ts',
    `import '../../../test/support/thing';`,
    'no-test-in-production',
  ],
  [
    'a development package in production',
    'libs/signing/src/f.ts',
    `import 'supertest';`,
    'no-undeclared-package',
  ],
  ['a lib in the console', 'clients/console/src/a.ts', `import '@aegis/license-token';`, 'console-apart'],
  [
    'another client in the console',
    'clients/console/src/b.tsx',
    `import '../../typescript/src/index';`,
    'console-apart',
  ],
  ['Node in the console', 'clients/console/src/c.ts', `import 'node:crypto';`, 'console-packages'],
  [
    'the console in the server',
    'apps/server/src/c.ts',
    `import '../../../clients/console/src/main';`,
    'no-console-in-server',
  ],
];

describe('the architecture', () => {
  const folders: string[] = [];
  let found: string[];

  beforeAll(() => {
    const planted = Object.fromEntries(PLANTED.map(([, file, text]) => [file, text]));
    const folder = treeWith({ ...planted, 'libs/audit/src/b.ts': `import './a';` });
    folders.push(folder);
    found = violations(folder);
  });

  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  it('keeps its own rules', () => {
    expect(violations(ROOT)).toEqual([]);
  });

  it('lets a sound tree pass', () => {
    const folder = treeWith({});
    folders.push(folder);
    expect(violations(folder)).toEqual([]);
  });

  it.each(PLANTED)('notices %s', (_name, file, _text, rule) => {
    expect(found).toContain(`${rule}: ${file}`);
  });
});
