// `node --require` this: writes the files of the CommonJS modules that were loaded into the file that LOADED_MODULES
// names, when the process ends.
const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  writeFileSync(process.env.LOADED_MODULES, JSON.stringify(Object.keys(require.cache)));
});
