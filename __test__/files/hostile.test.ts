// Files that are damaged, or made to do damage (fixtures/hostile), and files with random damage: each is opened in a process
// of its own, which must say what is wrong, keep within its memory and end in time.
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { models, tensor } from 'glorot'
import { afterAll, describe, expect, test } from 'vitest'
import { idx } from '../datasets/idx.js'

const script = fileURLToPath(new URL('open.script.ts', import.meta.url))
const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))
const hostile = join(fixtures, 'hostile')
const folder = mkdtempSync(join(tmpdir(), 'glorot-hostile-'))
afterAll(() => rmSync(folder, { recursive: true }))
const run = promisify(execFile)

interface Opened {
  opened?: unknown
  error?: string
  code?: string
  ms: number
}

/** MiB that a process may take beside twice the size of what it opens. */
const spare = 200

/** Opens files in a new process, which must end by itself. */
async function open(call: string, paths: string[]): Promise<{ results: Opened[]; peak: number }> {
  const { stdout } = await run(process.execPath, ['--import', 'tsx', script, call, ...paths], {
    maxBuffer: 1 << 26,
    timeout: 60_000,
  })
  const lines = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const { peak } = lines.pop()
  return { results: lines, peak: peak / 1024 }
}

/** That an error speaks of its file, and that nothing in the library has failed unforeseen. */
function checkError({ error, code }: Opened, path: string): void {
  expect(error?.startsWith(`${path}: `), error).toBe(true)
  expect(error).not.toMatch(/panick|unforeseen|did not foresee/)
  expect(code).toMatch(/^GLOROT_/)
}

/** What opens files of `fixtures/hostile`, and what it must say. */
interface Hostile {
  file: string
  call: string
  error?: string
}

const cases = JSON.parse(readFileSync(join(hostile, 'cases.json'), 'utf8')) as Hostile[]

/** Files that one process opens after another; its memory is that of the one that takes most. */
const TOGETHER = 12
const batches = [...new Set(cases.map(({ call }) => call))].flatMap(call => {
  const alike = cases.filter(given => given.call === call)
  return Array.from({ length: Math.ceil(alike.length / TOGETHER) }, (_, i) =>
    alike.slice(i * TOGETHER, (i + 1) * TOGETHER),
  )
})

describe('damaged and hostile files', () => {
  test.each(batches.map(batch => [batch.map(({ file }) => file).join(', '), batch] as const))(
    '%s',
    async (_, batch) => {
      const paths = batch.map(({ file }) => join(hostile, file))
      const { results, peak } = await open((batch[0] as Hostile).call, paths)
      for (const [i, { file, error }] of batch.entries()) {
        const result = results[i] as Opened
        if (error === undefined) expect(result.error, file).toBeUndefined()
        else {
          checkError(result, paths[i] as string)
          expect(result.error).toContain(error)
        }
      }
      expect(peak).toBeLessThan(spare + (2 * Math.max(...paths.map(path => statSync(path).size))) / 2 ** 20)
    },
  )
})

test('no file beside those of the fixtures has been made', () => {
  const known = JSON.parse(readFileSync(join(hostile, 'cases.json'), 'utf8')).map(
    (given: { file: string }) => given.file,
  )
  const others = ['README.md', 'cases.json', 'generate.py']
  expect(readdirSync(hostile).sort()).toEqual([...known, ...others].sort())
})

/** A generator of whole numbers below a limit. */
function numbers(seed: number): (limit: number) => number {
  let state = seed
  return limit => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** The bytes with some flipped, replaced, cut off or doubled. */
function damaged(bytes: Uint8Array, next: (limit: number) => number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  // Most of what a reader decides on stands at the beginning, or at the end.
  const place = () =>
    [next(copy.length), next(Math.min(2048, copy.length)), copy.length - 1 - next(Math.min(300, copy.length))][
      next(3)
    ] as number
  for (let change = next(6); change >= 0; change--) {
    const at = place()
    copy[at] = [(copy[at] as number) ^ (1 << next(8)), 0, 0xff, 0x7f, next(256)][next(5)] as number
  }
  switch (next(4)) {
    case 0:
      return copy.subarray(0, next(copy.length))
    case 1: {
      const [from, length] = [next(copy.length), next(64)]
      return Buffer.concat([copy.subarray(0, from), copy.subarray(Math.min(copy.length, from + length))])
    }
    default:
      return copy
  }
}

const golden = (name: string) => readFileSync(join(fixtures, 'golden/models', name))
const whole = (name: string) => readFileSync(join(hostile, name))

describe('random damage', () => {
  const small = idx(
    [4, 5],
    Uint8Array.from({ length: 20 }, (_, i) => i),
  )
  const valid: [call: string, name: string, bytes: () => Uint8Array | Promise<Uint8Array>][] = [
    ['load', 'keras3.keras', () => golden('resume_adam_ema.keras')],
    ['load', 'keras2.keras', () => golden('keras2_functional_skip.keras')],
    ['load', 'small.keras', () => whole('whole.keras')],
    ['load', 'keras3.h5', () => golden('nested.h5')],
    ['load', 'keras2.h5', () => golden('keras2_resume_nadam.h5')],
    ['load', 'small.h5', () => whole('whole.h5')],
    ['load', 'ours.keras', () => ours('.keras')],
    ['load', 'ours.h5', () => ours('.h5')],
    ['loadWeights', 'small.weights.h5', () => whole('whole.weights.h5')],
    ['loadWeights', 'keras2_weights.h5', () => golden('keras2_conv_weights.h5')],
    ['loadWeights', 'weights.safetensors', () => whole('weights.safetensors')],
    ['safetensors', 'some.safetensors', some],
    ['idx', 'plain.idx', () => small],
    ['idx', 'compressed.idx.gz', () => gzipSync(small)],
    ['cifar10', 'batch.bin', () => whole('whole.bin')],
  ]
  test.each(valid)('%s %s', async (call, name, bytes) => {
    const original = await bytes()
    const next = numbers(original.length)
    const cuts = Math.min(100, original.length)
    const contents = [
      ...Array.from({ length: cuts }, (_, i) => original.subarray(0, Math.floor((original.length * i) / cuts))),
      ...Array.from({ length: 200 }, () => damaged(original, next)),
    ]
    const paths = contents.map((_, i) => join(folder, `${i}-${name}`))
    for (const [i, path] of paths.entries()) writeFileSync(path, contents[i] as Uint8Array)
    const { results, peak } = await open(call, paths)
    expect(results).toHaveLength(paths.length)
    for (const [i, result] of results.entries()) {
      // What was cut off is always an error; what was changed may have no meaning, or another one.
      if (i < cuts || result.error !== undefined) checkError(result, paths[i] as string)
    }
    // Models that were opened wait for the garbage collector.
    expect(peak).toBeLessThan(2 * spare)
    for (const path of paths) rmSync(path)
  })

  async function ours(ending: '.keras' | '.h5'): Promise<Uint8Array> {
    const path = join(folder, `ours${ending}`)
    const net = await models.load(join(fixtures, 'golden/models/resume_adamw_schedule.keras'))
    await net.save(path)
    return readFileSync(path)
  }

  async function some(): Promise<Uint8Array> {
    const path = join(folder, 'some.safetensors')
    const values = { a: tensor([[1, 2, 3]]), b: tensor(new Int32Array([1, 2])), c: tensor([true]) }
    await models.writeSafetensors(path, values)
    return readFileSync(path)
  }
})
