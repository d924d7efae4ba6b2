// How many tests passed, failed and were skipped, from what the two test runners really print.

/** Counts of one or several test runs. */
export function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

export const none = { passed: 0, failed: 0, skipped: 0 }

export const line = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`

/** Sums the `test result:` lines that `cargo test` prints, one for each test binary. */
export function parseCargo(stdout, code) {
  let counts = none
  const results = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/gm
  for (const [, passed, failed, skipped] of stdout.matchAll(results)) {
    counts = add(counts, { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) })
  }
  return orFailed(counts, code)
}

/** Counts of vitest's JSON report; a file that could not be loaded has no tests to count and is one failure. */
export function parseVitest(report, code) {
  const broken = report.testResults.filter(file => file.status === 'failed' && file.assertionResults.length === 0)
  return orFailed(
    {
      passed: report.numPassedTests,
      failed: report.numFailedTests + broken.length,
      skipped: report.numPendingTests + report.numTodoTests,
    },
    code,
  )
}

/** A run that failed without a failed test did not compile, crashed or left an unhandled error: one failure. */
function orFailed(counts, code) {
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}
