require('./register-swc.cjs');
const { problems } = require('./run-problems.cjs');

module.exports = async () => {
  try {
    await require('./global-teardown.ts').default();
  } catch (error) {
    problems.push('What the run had started could not be ended:', `  ${error.stack}`);
    throw error;
  }
};
