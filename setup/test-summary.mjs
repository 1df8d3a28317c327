/**
 * Prints the last line of .ci/run: `test-summary.mjs RESULT STATUS [OUTPUT]`. RESULT is vitest's JSON, STATUS that of the
 * checks and of vitest, OUTPUT what student-server/ci.sh printed: its last line has the counts of the Python part.
 */
import { readFileSync } from 'node:fs';

const [path, status, output] = process.argv.slice(2);

function countTests() {
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

function countPython() {
  if (output === undefined) return { passed: 0, failed: 0, skipped: 0 };
  try {
    const last = readFileSync(output, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    const counts = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(last);
    if (counts === null) throw new Error('its last line has no counts');
    const [passed, failed, skipped] = counts.slice(1).map((count) => Number(count ?? 0));
    return { passed, failed, skipped };
  } catch (error) {
    console.error(`The Python part left no result: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const tests = countTests();
// A failed check, or an error outside any test, counts as one failure.
if (tests.failed === 0 && status !== '0') tests.failed = 1;
const python = countPython();
const sum = (name) => tests[name] + python[name];
const skipped = sum('skipped');
console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
