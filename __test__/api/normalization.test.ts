import { input, layers, sequential, type Tensor, tensor } from 'glorot'
import { expect, test } from 'vitest'
import { failure } from './data.js'

const data = tensor([
  [0, 7],
  [2, 9],
  [0, 7],
  [2, 9],
])

const weights = (layer: layers.Layer) => layer.getWeights().map(weight => Array.from(weight.data()))

test('normalization adapts to data of any dtype', async () => {
  const norm = layers.normalization()
  await norm.adapt(data)
  expect(weights(norm)).toEqual([[1, 8], [1, 1], [4]])
  expect(norm.trainableWeights).toEqual([])
  await norm.adapt(tensor(Uint8Array.of(1, 5, 3, 9), [2, 2]))
  expect(weights(norm)).toEqual([[2, 7], [1, 4], [2]])
  const net = sequential([input({ shape: [2] }), norm])
  expect((await net.predict(tensor([[3, 3]]))).toArray()).toEqual([[1, -2]])
})

test('normalization adapts to batches, one mean of all, and the way back', async () => {
  async function* batches(): AsyncGenerator<Tensor> {
    yield tensor([1, 2, 3])
    yield tensor([6])
  }
  const norm = layers.normalization({ axis: null })
  await norm.adapt(batches())
  expect(weights(norm)).toEqual([[3], [3.5], [4]])
  await norm.adapt([tensor([1, 2]), tensor([3, 6])].values())
  expect(weights(norm)).toEqual([[3], [3.5], [4]])
  const inverse = layers.normalization({ invert: true })
  await inverse.adapt(data)
  expect(inverse.apply(tensor([[1, 2]])).toArray()).toEqual([[2, 10]])
  const given = layers.normalization({ mean: [1, 2], variance: [4, 0.25] })
  expect(given.apply(tensor([[3, 3]])).toArray()).toEqual([[1, 2]])
})

test('a class that extends normalization adapts', async () => {
  class Standardize extends layers.Normalization {}
  const norm = new Standardize()
  await norm.adapt(data)
  expect(norm.apply(tensor([[0, 10]])).toArray()).toEqual([[-1, 2]])
})

test('adapt says what is wrong', async () => {
  const norm = layers.normalization({ name: 'norm' })
  await norm.adapt(data)
  const wrong = await failure(() => norm.adapt(tensor([[1, 2, 3]])))
  expect(wrong.message).toBe(
    "layer 'norm' (Normalization): was built for inputs of shape [batch, 2], received data [1, 3]",
  )
  expect(wrong.code).toBe('GLOROT_SHAPE')
  const later = await failure(() => norm.adapt([data, tensor([[1, 2, 3]])].values()))
  expect(later.message).toBe("layer 'norm' (Normalization): expected data of shape [samples, 2], received [1, 3]")
  expect(later.code).toBe('GLOROT_SHAPE')
  const none = await failure(() => norm.adapt([].values()))
  expect(none.message).toBe("layer 'norm' (Normalization): received no samples to adapt to")
  expect(weights(norm)[0]).toEqual([1, 8])
  const given = await failure(() => layers.normalization({ mean: 1, variance: 1, name: 'given' }).adapt(data))
  expect(given.message).toContain("has its statistics as options 'mean' and 'variance'")
})
