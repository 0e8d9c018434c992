// The first failure ends a suite: what else fails says nothing more of a fault.
const NodeEnvironment = require('jest-environment-node').TestEnvironment;

module.exports = class FirstFailure extends NodeEnvironment {
  #hasFailed = false;

  handleTestEvent({ name, test }) {
    if (name === 'hook_failure' || name === 'test_fn_failure') this.#hasFailed = true;
    if (name === 'test_start' && this.#hasFailed) test.mode = 'skip';
  }
};
