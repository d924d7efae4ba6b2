import { input, layers, random, type SymbolicTensor, sequential, tensor } from 'glorot'
import { expect, test } from 'vitest'
import { bytes, circle, failure } from '../api/data.js'

class MCDropout extends layers.Dropout {
  override call(x: SymbolicTensor) {
    return super.call(x, { training: true })
  }
}

const ones = tensor(new Float32Array(64 * 8).fill(1), [64, 8])

test('dropout is active, batch normalization is not', async () => {
  random.setSeed(5)
  const net = sequential([input({ shape: [8] }), layers.batchNormalization(), layers.dropout({ rate: 0.5 })])
  const before = bytes(net.getWeights())
  const samples = await net.predictSamples(ones, { samples: 50, batchSize: 24 })
  expect(samples.shape).toEqual([50, 64, 8])
  // Batch normalization with its first statistics is nearly the identity; with those of the batch it would give 0.
  const kept = 2 / Math.sqrt(1.001)
  const values = new Set([...samples.data()].map(value => Math.abs(value) > 1e-6))
  expect(values).toEqual(new Set([true, false]))
  for (const value of samples.data()) expect(value === 0 || Math.abs(value - kept) < 1e-5).toBe(true)
  const { mean, std } = samples.moments(0)
  expect(mean.shape).toEqual([64, 8])
  expect(mean.moments().mean.item()).toBeCloseTo(1, 1)
  expect(std.moments().mean.item()).toBeCloseTo(kept / 2, 1)
  // Each prediction draws its own numbers.
  expect(bytes([samples.slice(0, 25)])).not.toBe(bytes([samples.slice(25, 25)]))
  expect(bytes(net.getWeights())).toBe(before)
  expect((await net.predict(ones)).data().every(value => Math.abs(value - kept / 2) < 1e-5)).toBe(true)
})

test('dropout that is always active', async () => {
  random.setSeed(5)
  const net = sequential([input({ shape: [8] }), new MCDropout({ rate: 0.25 })])
  const once = await net.predict(ones)
  expect(bytes([once])).not.toBe(bytes([await net.predict(ones)]))
  const share = [...once.data()].filter(value => value === 0).length / once.size
  expect(share).toBeGreaterThan(0.15)
  expect(share).toBeLessThan(0.35)
})

test('wrong options', async () => {
  const net = sequential([input({ shape: [2] }), layers.dropout({ rate: 0.5 })])
  const { x } = circle(4)
  const error = await failure(() => net.predictSamples(x, { samples: 0 }))
  expect(error.message).toMatch(/^predictSamples: option 'samples' must be a whole number of at least 1; received 0/)
})

test('one batch', async () => {
  const { x } = circle(100)
  const net = sequential([input({ shape: [2] }), layers.dense({ units: 3 })])
  expect(bytes([await net.predictOnBatch(x)])).toBe(bytes([await net.predict(x, { batchSize: 100 })]))
})
