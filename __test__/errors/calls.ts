import { expect, test } from 'vitest'
import { failure } from '../api/data.js'

/** A call that must fail, with the code of its error and what its message says. */
export type Call = [call: () => unknown, code: string, message: RegExp]

/** A test for each call; an error of another kind, a panic (`GLOROT_INTERNAL`) or no error at all is a failure. */
export function refused(calls: Record<string, Call>): void {
  test.each(Object.entries(calls))('%s', async (_, [call, code, message]) => {
    const error = await failure(call)
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
    expect(error.message.length).toBeLessThan(1000)
  })
}
