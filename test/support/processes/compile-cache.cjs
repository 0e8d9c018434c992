// For programs that tests start (program.ts). What Node finds out about the same 1,800 modules each time, where they are and
// V8's code of them, is kept between them: a third of the processor time of a command. V8 compares only the length of a
// source with that of the kept code, so the file of it is one run's, in which no module changes.
const { readFileSync, renameSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname } = require('node:path');
const { deserialize, serialize } = require('node:v8');
const vm = require('node:vm');

/** @returns {{ paths: Record<string, string>, code: Map<string, Buffer> }} code by the path of its module */
function kept(file) {
  try {
    return deserialize(readFileSync(file));
  } catch {
    return { paths: {}, code: new Map() };
  }
}

/** @param {string} file absolute path, of this run */
module.exports = function keepCode(file) {
  const { paths, code } = kept(file);
  const fresh = new Map();
  Object.assign(Module._pathCache, paths);

  const compile = Module.prototype._compile;
  Module.prototype._compile = function (content, filename, format) {
    // Code that was kept has no `import()`.
    const isPlain = format !== 'module' && !filename.endsWith('.mjs') && !/\bimport\b/.test(content);
    if (!isPlain) return compile.call(this, content, filename, format);
    const wrapped = Module.wrap(content.startsWith('#!') ? `//${content}` : content);
    const script = new vm.Script(wrapped, { filename, cachedData: code.get(filename) });
    if (script.cachedDataRejected !== false) fresh.set(filename, script);
    const require = Object.assign((id) => this.require(id), {
      resolve: Object.assign((id, options) => Module._resolveFilename(id, this, false, options), {
        paths: (id) => Module._resolveLookupPaths(id, this),
      }),
      main: process.mainModule,
      extensions: Module._extensions,
      cache: Module._cache,
    });
    return script
      .runInThisContext()
      .call(this.exports, this.exports, require, this, filename, dirname(filename));
  };

  process.on('exit', () => {
    if (fresh.size === 0) return;
    // Together with the functions that ran: they are compiled by now.
    for (const [filename, script] of fresh) code.set(filename, script.createCachedData());
    const whole = `${file}.${process.pid}`;
    try {
      writeFileSync(whole, serialize({ paths: { ...paths, ...Module._pathCache }, code }));
      renameSync(whole, file);
    } catch {
      // The next program compiles again.
    }
  });
};
