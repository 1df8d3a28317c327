/** Prints the last line of .ci/run from vitest's JSON result: `test-summary.mjs RESULT STATUS`. */
import { readFileSync } from 'node:fs';

const [path, status] = process.argv.slice(2);

function count() {
  try {
    const result = JSON.parse(readFileSync(path, 'utf8'));
    // A test file that does not load has no tests; it is one failure all the same.
    const broken = result.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
    return {
      passed: result.numPassedTests,
      failed: result.numFailedTests + broken.length,
      skipped: result.numPendingTests + result.numTodoTests,
    };
  } catch (error) {
    console.error(`The tests left no result: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const { passed, failed, skipped } = count();
// A failed check, or an error outside any test, counts as one failure.
const failures = failed === 0 && status !== '0' ? 1 : failed;
console.log(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failures > 0 ? 1 : 0;
