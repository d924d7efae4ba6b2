import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { native } from '../ts/native.js'

test('the native library has the version of the package', () => {
  expect(native.version()).toBe(createRequire(import.meta.url)('../package.json').version)
})
