// Jest maps no module names and transforms no imports for its global set-up.
require('./register-swc.cjs');
const { isCompiled } = require('../../apps/launcher/compilation.mjs');
const path = require('node:path');

const setUp = require('./global-setup.ts').default;
module.exports = () => setUp(isCompiled(path.resolve(__dirname, '../..')));
