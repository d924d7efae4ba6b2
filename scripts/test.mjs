// `npm test`: sets up what is missing, then runs the tests of both languages. Last line: the sum over both.
//   --rust | --ts   only one of them; further arguments go to it (`npm run test:ts -- idx`)
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bin, node, root, run } from './lib.mjs'
import { setup } from './setup.mjs'

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

export async function testRust(args = []) {
  console.log('\n▸ cargo test')
  const command = ['test', '--workspace', '--locked', '--no-fail-fast', '--quiet', ...args]
  const { code, stdout } = await run('cargo', command, { show: true, allowFailure: true, tapStdout: () => {} })
  const counts = parseCargo(stdout, code)
  if (code !== 0) process.stdout.write(stdout)
  console.log(`  ${line(counts)}`)
  return counts
}

export async function testTypeScript(args = []) {
  console.log('\n▸ vitest')
  const file = join(root, 'target', 'vitest.json')
  rmSync(file, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const command = [bin('vitest', 'vitest'), 'run', ...reporters, ...args]
  const { code } = await node(command, { show: true, allowFailure: true })
  let report = { testResults: [], numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 }
  try {
    report = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    console.log('  vitest wrote no report')
    return { ...none, failed: 1 }
  }
  return parseVitest(report, code)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [only, ...rest] = process.argv.slice(2)
  await setup()
  let counts = none
  if (only !== '--ts') counts = add(counts, await testRust(only === '--rust' ? rest : []))
  if (only !== '--rust') counts = add(counts, await testTypeScript(only === '--ts' ? rest : []))
  console.log(`\n${line(counts)}`)
  process.exitCode = counts.failed ? 1 : 0
}
