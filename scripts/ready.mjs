// `npm run ready`: all that CI checks, in its order. Last line: the sum over all tests; a failed check counts as one
// failure, so that the line never looks better than the exit code.
import { add, line, none } from './counts.mjs'
import { docs } from './docs.mjs'
import { lint } from './lint.mjs'
import { testRust, testTypeScript } from './test.mjs'

const failures = await lint()
if (!(await docs())) failures.push('typedoc')

let counts = add(await testRust(), await testTypeScript())
if (failures.length) {
  console.log(`\nfailed checks: ${failures.join(', ')}`)
  counts = add(counts, { ...none, failed: failures.length })
}
console.log(`\n${line(counts)}`)
process.exitCode = counts.failed ? 1 : 0
