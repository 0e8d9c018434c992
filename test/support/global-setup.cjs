// Jest maps no module names and transforms no imports for its global set-up.
require('./register-swc.cjs');

const setUp = require('./global-setup.ts').default;
module.exports = async () => {
  // Built only here: the unit tests need no build.
  const { prepare, root } = await import('../../apps/launcher/preparation/prepare.mjs');
  const { isCompiled } = await import('../../apps/launcher/preparation/compilation.mjs');
  await prepare({ withTools: true });
  await setUp(isCompiled(root));
};
