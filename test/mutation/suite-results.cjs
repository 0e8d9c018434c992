// Writes what each suite did to the file AEGIS_SUITE_RESULTS, a line of JSON each.
const { appendFileSync } = require('node:fs');
const { relative } = require('node:path');

module.exports = class SuiteResults {
  onTestResult(_test, { testFilePath, numFailingTests, testExecError, perfStats }) {
    const line = {
      suite: relative(process.cwd(), testFilePath),
      failed: numFailingTests > 0 || Boolean(testExecError),
      milliseconds: perfStats.runtime,
    };
    appendFileSync(process.env.AEGIS_SUITE_RESULTS, `${JSON.stringify(line)}\n`);
  }
};
