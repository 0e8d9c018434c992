require('./register-swc.cjs');
module.exports = require('./global-teardown.ts').default;
