// Stands in for vitest where only Node is: registers tests and runs them one after the other, as long as there is time.
//   GPU_CHECK_GROUPS   comma-separated ends of the names of the groups to run, in this order (default: all)
//   GPU_CHECK_SECONDS  tests that have not begun by then are counted as skipped (default: no limit)
// Last line: "N passed, N failed, N skipped".
import { deepStrictEqual } from 'node:assert'

const tests = []
const ends = []
let group = ''

export function describe(name, define) {
  group = name
  define()
  group = ''
}

describe.each = list => (title, define) => {
  for (const item of list) describe(title.replace('%s', item), () => define(item))
}

export function test(name, run) {
  tests.push({ group, name, run })
}

export const afterAll = run => ends.push(run)

export const expect = got => ({ toEqual: want => deepStrictEqual(got, want) })

class Skipped extends Error {}

async function runAll() {
  const begin = performance.now()
  const limit = Number(process.env.GPU_CHECK_SECONDS ?? Number.POSITIVE_INFINITY)
  const wanted = process.env.GPU_CHECK_GROUPS?.split(',')
  const chosen = wanted ? wanted.flatMap(name => tests.filter(test => test.group.endsWith(name))) : tests
  if (!chosen.length) throw new Error(`no tests in the groups ${process.env.GPU_CHECK_GROUPS}`)
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { group, name, run } of chosen) {
    if ((performance.now() - begin) / 1000 > limit) {
      counts.skipped++
      continue
    }
    try {
      await run({
        skip: reason => {
          throw new Skipped(reason)
        },
      })
      counts.passed++
    } catch (error) {
      if (error instanceof Skipped) counts.skipped++
      else {
        counts.failed++
        console.log(`✗ ${group} ${name}: ${String(error?.message ?? error).slice(0, 500)}`)
      }
    }
  }
  for (const end of ends) await end()
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  process.exitCode = counts.failed ? 1 : 0
}

setImmediate(runAll)
