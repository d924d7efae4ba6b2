import { expect, test } from 'vitest'
import { add, line, parseCargo, parseVitest } from '../../scripts/counts.mjs'

const result = (passed, failed, ignored) =>
  `test result: ${failed ? 'FAILED' : 'ok'}. ${passed} passed; ${failed} failed; ${ignored} ignored; 0 measured; ` +
  '0 filtered out; finished in 0.45s\n'

test('cargo: every binary counts, ignored tests are skipped', () => {
  const stdout = `\nrunning 19 tests\n...................\n${result(16, 0, 3)}\nrunning 2 tests\n..\n${result(2, 0, 0)}`
  expect(parseCargo(stdout, 0)).toEqual({ passed: 18, failed: 0, skipped: 3 })
  expect(parseCargo(`${stdout}${result(1, 2, 0)}`, 101)).toEqual({ passed: 19, failed: 2, skipped: 3 })
})

test('cargo: what did not compile or crashed is a failure', () => {
  expect(parseCargo('', 101)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  expect(parseCargo(result(16, 0, 0), 101)).toEqual({ passed: 16, failed: 1, skipped: 0 })
})

test('cargo: what a test prints is not counted', () => {
  expect(parseCargo('the test result: ok. 9 passed; 9 failed; 9 ignored;\n', 0).passed).toBe(0)
})

const report = (changes = {}) => ({
  numPassedTests: 7,
  numFailedTests: 0,
  numPendingTests: 2,
  numTodoTests: 1,
  testResults: [{ status: 'passed', assertionResults: [{}] }],
  ...changes,
})

test('vitest: skipped and planned tests are skipped', () => {
  expect(parseVitest(report(), 0)).toEqual({ passed: 7, failed: 0, skipped: 3 })
  expect(parseVitest(report({ numFailedTests: 2 }), 1).failed).toBe(2)
})

test('vitest: a file that cannot be loaded and an unhandled error are failures', () => {
  const broken = { status: 'failed', assertionResults: [] }
  expect(parseVitest(report({ testResults: [broken, broken] }), 1).failed).toBe(2)
  expect(parseVitest(report(), 1).failed).toBe(1)
})

test('the line is plain and names skipped tests only if there are any', () => {
  const counts = { passed: 1, failed: 0, skipped: 0 }
  expect(line(counts)).toBe('1 passed, 0 failed')
  expect(line(add(counts, { passed: 2, failed: 1, skipped: 4 }))).toBe('3 passed, 1 failed, 4 skipped')
})
