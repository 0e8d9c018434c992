// Jest reporter: each suite's share of the time, under CI=true what was skipped, and the sum as the last line.
// Under CI=true a skipped or todo test counts as failed: a run that left something out proves nothing about it.
const { writeSync } = require('node:fs');
const path = require('node:path');
const { problems } = require('./run-problems.cjs');

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
    // Jest writes its own summary with a delay: only at the exit is this the end of the output.
    process.once('exit', (code) => {
      if (problems.length > 0) lines.push('', ...problems);
      if (code !== 0 && failed === 0 && problems.length === 0) {
        lines.push('', `Exit code ${code}, and no test failed: the reason is further up.`);
      }
      lines.push('', `${results.numPassedTests} passed, ${failed} failed`);
      writeSync(1, `\n${lines.map((line) => `${line}\n`).join('')}`);
    });
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
