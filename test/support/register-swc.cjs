// Lets a child process of a test run the TypeScript sources: `node -r …/register-swc.cjs script.ts`.
// Same compiler and settings (.swcrc) as Jest; `@aegis/<lib>` leads to libs/<lib>/src.
const { existsSync, readFileSync } = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { transformSync } = require('@swc/core');

const root = path.resolve(__dirname, '../..');

Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    configFile: path.join(root, '.swcrc'),
    sourceMaps: 'inline',
  });
  module._compile(code, filename);
};

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  const [, door, lib] = /^@(aegis|aegis-http)\/([a-z0-9-]+)$/.exec(request) ?? [];
  const file = lib && path.join(root, 'libs', lib, 'src', door === 'aegis' ? '' : 'http.ts');
  return resolveFilename.call(this, file ?? sourceOf(request, ...rest), ...rest);
};

// Modules that are loaded late are imported by the name of what is built.
function sourceOf(request, parent) {
  if (!/^\.{1,2}\/.*\.js$/.test(request) || !parent?.filename?.endsWith('.ts')) return request;
  const source = request.replace(/\.js$/, '.ts');
  return existsSync(path.resolve(path.dirname(parent.filename), source)) ? source : request;
}
