import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { datasets, devices, input, layers, sequential, tensor } from 'glorot'
import { afterAll, expect, test } from 'vitest'
import { failure } from '../data.js'

const folder = mkdtempSync(join(tmpdir(), 'glorot-program-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('tensors', () => {
  const t = tensor([1, 2, 3, 4, 5, 6], [2, 3], 'int32')
  expect([t.shape, t.dtype, t.data()]).toEqual([[2, 3], 'int32', new Int32Array([1, 2, 3, 4, 5, 6])])
  expect(t.slice([0, 1], [2, 2]).toArray()).toEqual([
    [2, 3],
    [5, 6],
  ])
  expect(t.moments(0).mean.toArray()).toEqual([2.5, 3.5, 4.5])
})

test('layers', () => {
  const net = sequential([input({ shape: [4] }), layers.dense({ units: 3, name: 'hidden' })])
  const layer = net.getLayer('hidden')
  expect([layer.name, layer.countParams()]).toEqual(['hidden', 15])
})

test('devices', async () => {
  const [cpu, cuda] = await devices()
  expect(cpu).toMatchObject({ id: 'cpu', available: true })
  if (!cuda?.available) expect(cuda).toMatchObject({ id: 'cuda', available: false, reason: expect.any(String) })
})

test('files of datasets', async () => {
  const idx = join(folder, 'labels-idx1-ubyte')
  writeFileSync(idx, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9))
  expect((await datasets.readIdx(idx)).data()).toEqual(Uint8Array.of(7, 8, 9))
  const batch = join(folder, 'data_batch_1.bin')
  writeFileSync(batch, new Uint8Array(2 * 3073).fill(3))
  const { x, y } = await datasets.readCifar10(batch)
  expect([x.shape, y.toArray()]).toEqual([
    [2, 32, 32, 3],
    [3, 3],
  ])
  expect((await failure(() => datasets.readIdx(join(folder, 'none')))).message).toContain('none')
})
