require('../../support/register-swc.cjs');
module.exports = require('./template.ts').removeTemplate;
