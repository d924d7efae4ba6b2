import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { bytes, circle, network } from './data.js'

const run = promisify(execFile)
const script = fileURLToPath(new URL('reproducible.script.ts', import.meta.url))

async function weightsWith(threads: number): Promise<string> {
  const net = network({ units: 64, threads })
  const { x, y } = circle(300)
  await net.fit(x, y, { epochs: 3, validationSplit: 0.1, verbose: 0 })
  return bytes(net.getWeights())
}

test('one seed, the same weights, with any number of threads', async () => {
  const one = await weightsWith(1)
  expect(await weightsWith(1)).toBe(one)
  expect(await weightsWith(2)).toBe(one)
  expect(await weightsWith(3)).toBe(one)
})

test('GLOROT_THREADS sets the number of threads of a process', async () => {
  const of = async (threads: string) => {
    const env = { ...process.env, GLOROT_THREADS: threads }
    const { stdout } = await run(process.execPath, ['--import', 'tsx', script], { env })
    return JSON.parse(stdout) as { description: string; hash: string }
  }
  const [one, two] = await Promise.all([of('1'), of('2')])
  expect(one.description).toContain('1 thread,')
  expect(two.description).toContain('2 threads')
  expect(two.hash).toBe(one.hash)
  await expect(of('many')).rejects.toThrow("GLOROT_THREADS must be a number of threads; it is 'many'")
})
