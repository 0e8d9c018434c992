// Jest reporter: after a run of the whole suite, every status of every operation that the OpenAPI document declares
// was answered to some test. Exempt is 500: an answer to a fault of ours that nobody knows how to cause.
const { existsSync, readFileSync } = require('node:fs');
const { problems } = require('./run-problems.cjs');

const EXEMPT = ['500'];

class ContractReporter {
  constructor(globalConfig) {
    this.config = globalConfig;
  }

  onRunComplete(_contexts, results) {
    const folder = process.env.AEGIS_TEST_CONTRACT;
    if (folder === undefined || !this.wasWhole() || results.wasInterrupted) return;
    const { paths } = JSON.parse(readFileSync(`${folder}/openapi.json`, 'utf8'));
    const reached = new Set(
      existsSync(`${folder}/reached`) ? readFileSync(`${folder}/reached`, 'utf8').split('\n') : [],
    );
    const missing = Object.values(paths)
      .flatMap((item) => Object.values(item))
      .flatMap(({ operationId, responses }) =>
        Object.keys(responses)
          .filter((status) => !EXEMPT.includes(status))
          .map((status) => `${operationId} ${status}`),
      )
      .filter((pair) => !reached.has(pair));
    if (missing.length === 0) return;
    problems.push(
      'Declared in the OpenAPI document, but answered to no test:',
      ...missing.map((pair) => `  ${pair}`),
    );
    this.error = new Error(`${missing.length} declared answers that no test reached`);
  }

  wasWhole() {
    if (process.argv.some((argument) => argument.startsWith('--selectProjects'))) return false;
    const { testPathPatterns, testNamePattern, onlyChanged, onlyFailures, shard, findRelatedTests } =
      this.config;
    const patterns = testPathPatterns?.patterns ?? [];
    return (
      patterns.length === 0 &&
      !testNamePattern &&
      !onlyChanged &&
      !onlyFailures &&
      !shard &&
      !findRelatedTests
    );
  }

  /** Jest fails the run when this returns an error. */
  getLastError() {
    return this.error;
  }
}

module.exports = ContractReporter;
