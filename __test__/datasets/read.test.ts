import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { glyphs, readCifar10, readIdx } from '../../ts/datasets/index.js'
import { Tensor } from '../../ts/tensor.js'
import { idx } from './idx.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glorot-read-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(content: Uint8Array): Promise<string> {
  const path = join(folder, 'file')
  await writeFile(path, content)
  return path
}

test('readIdx gives a tensor, compressed or not', async () => {
  const content = idx([2, 3], Uint8Array.of(1, 2, 3, 4, 5, 255))
  for (const bytes of [content, gzipSync(content)]) {
    const tensor = await readIdx(await file(bytes))
    expect(tensor).toBeInstanceOf(Tensor)
    expect(tensor.dtype).toBe('uint8')
    expect(tensor.shape).toEqual([2, 3])
    expect(tensor.data()).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 255))
  }
})

test('readIdx reads large files whole', async () => {
  const values = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7)
  const tensor = await readIdx(await file(idx([300_000], values)))
  expect(Buffer.compare(tensor.data() as Uint8Array, values)).toBe(0)
})

test('a malformed file rejects with its name and the reason', async () => {
  const path = await file(idx([60_000, 28, 28], new Uint8Array(100)))
  await expect(readIdx(path)).rejects.toThrow(
    `${path}: has a damaged header: shape [60000, 28, 28] needs 47040000 bytes of data, the file can hold at most 100`,
  )
  await expect(readCifar10(path)).rejects.toThrow(`${path}: is not a CIFAR-10 batch`)
  await expect(readIdx(join(folder, 'missing'))).rejects.toThrow(/missing: cannot be read: /)
})

test('readCifar10 puts the channels last', async () => {
  const record = Buffer.alloc(3073)
  record[0] = 6
  record.fill(10, 1, 1025).fill(20, 1025, 2049).fill(30, 2049)
  const { x, y } = await readCifar10(await file(Buffer.concat([record, record])))
  expect(x.shape).toEqual([2, 32, 32, 3])
  expect(x.data().subarray(0, 6)).toEqual(Uint8Array.of(10, 20, 30, 10, 20, 30))
  expect([...y.data()]).toEqual([6, 6])
})

test('glyphs need nothing and are the same every time', async () => {
  const [a, b, c] = await Promise.all([
    glyphs({ train: 50, test: 20 }),
    glyphs({ train: 60, test: 20, seed: 58 }),
    glyphs({ train: 50, test: 20, seed: 59 }),
  ])
  expect(a.train.x.shape).toEqual([50, 28, 28])
  expect(a.test.y.shape).toEqual([20])
  expect(a.train.x.dtype).toBe('uint8')
  expect(a.train.x.data()).toEqual(b.train.x.data().subarray(0, 50 * 784))
  expect(a.test.x.data()).toEqual(b.test.x.data())
  expect(a.train.x.data()).not.toEqual(c.train.x.data())
})

test('glyphs are drawn while the event loop runs', async () => {
  let ticks = 0
  const timer = setInterval(() => ticks++, 2)
  const { train, test } = await glyphs()
  clearInterval(timer)
  expect([train.x.shape, test.x.shape]).toEqual([
    [12_000, 28, 28],
    [2_000, 28, 28],
  ])
  expect(ticks).toBeGreaterThan(5)
})

test.each([
  [{ train: 0 }, "glyphs: option 'train' must be a whole number of at least 1 and at most 1000000; received 0"],
  [{ test: 1.5 }, "glyphs: option 'test' must be a whole number of at least 1 and at most 1000000; received 1.5"],
  [{ seed: -1 }, "glyphs: option 'seed' must be a whole number of at least 0 and at most 4294967295; received -1"],
])('%o is an error', async (options, message) => {
  await expect(glyphs(options)).rejects.toThrow(message)
})
