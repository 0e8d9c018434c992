// Jest maps no module names and transforms no imports for its global set-up.
require('../../support/register-swc.cjs');
module.exports = require('./template.ts').makeTemplate;
