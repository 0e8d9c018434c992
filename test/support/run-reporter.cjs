// Jest reporter: each suite's share of the time, under CI=true what was skipped, and the sum as the last line.
// Under CI=true a skipped or todo test counts as failed: a run that left something out proves nothing about it.
const { writeSync } = require('node:fs');
const path = require('node:path');

class RunReporter {
  onRunComplete(_contexts, results) {
    const suites = results.testResults.filter((suite) => !suite.skipped);
    const total = suites.reduce((sum, suite) => sum + duration(suite), 0);
    const lines = suites
      .sort((a, b) => duration(b) - duration(a))
      .map((suite) => {
        const share = total === 0 ? 0 : (100 * duration(suite)) / total;
        return `${share.toFixed(1).padStart(5)} %  ${(duration(suite) / 1000).toFixed(1).padStart(6)} s  ${relative(suite)}`;
      });

    const leftOut = isCi() ? suitesLeftOut(results) : [];
    if (leftOut.length > 0) {
      lines.push('', 'Skipped or todo, which CI=true does not allow:', ...leftOut.map((name) => `  ${name}`));
      this.error = new Error(`${leftOut.length} skipped or todo under CI=true`);
    }
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites + leftOut.length;
    const report = `\n${lines.map((line) => `${line}\n`).join('')}\n${results.numPassedTests} passed, ${failed} failed\n`;
    // Jest writes its own summary with a delay: only at the exit is this the end of the output.
    process.once('exit', () => writeSync(1, report));
  }

  /** Jest fails the run when this returns an error. */
  getLastError() {
    return this.error;
  }
}

function suitesLeftOut(results) {
  return results.testResults.flatMap((suite) => {
    const tests = suite.testResults.filter((test) =>
      ['pending', 'skipped', 'todo', 'disabled'].includes(test.status),
    );
    if (suite.skipped && tests.length === 0) return [relative(suite)];
    return tests.map((test) => `${relative(suite)}: ${test.fullName}`);
  });
}

function duration(suite) {
  return (suite.perfStats.end ?? 0) - (suite.perfStats.start ?? 0);
}

function relative(suite) {
  return path.relative(process.cwd(), suite.testFilePath);
}

function isCi() {
  return process.env.CI === 'true';
}

module.exports = RunReporter;
