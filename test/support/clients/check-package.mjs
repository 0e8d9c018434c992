// `node check-package.mjs <folder of the package> <its tarball>` prints as JSON what publint and attw find wrong.
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { readFileSync } from 'node:fs';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const [folder, tarball] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
const { messages } = await publint({ pkgDir: folder, pack: false, strict: true });
const { problems = [] } = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));

console.log(
  JSON.stringify({
    publint: messages.map((message) => formatMessage(message, manifest, { color: false })),
    // Resolution before `exports`, which Node has since 12.7 and TypeScript since 4.7.
    attw: problems.filter(({ resolutionKind }) => resolutionKind !== 'node10'),
  }),
);
