import { input, layers, model, models, random, type Tensor, tensor } from 'glorot'
import { expect, test } from 'vitest'
import { failure } from './data.js'

test('bins and categories make a table fit for dense layers', async () => {
  random.setSeed(3)
  // Who is young or old and of kind 2 or 5 belongs to class 1.
  const n = 600
  const ages = Float32Array.from({ length: n }, (_, i) => (i * 37) % 90)
  const kinds = Int32Array.from({ length: n }, (_, i) => (i * 7) % 8)
  const y = Uint8Array.from(ages, (age, i) => ((age < 20 || age > 65) !== (kinds[i] === 2 || kinds[i] === 5) ? 1 : 0))
  const x = { age: tensor(ages, [n, 1]), kind: tensor(kinds, [n, 1]) }

  const bins = layers.discretization({ numBins: 9, outputMode: 'oneHot' })
  await bins.adapt(x.age)
  const [age, kind] = [input({ shape: [1], name: 'age' }), input({ shape: [1], dtype: 'int32', name: 'kind' })]
  const joined = layers
    .concatenate()
    .apply([bins.apply(age), layers.categoryEncoding({ numTokens: 8, outputMode: 'oneHot' }).apply(kind)])
  const hidden = layers.dense({ units: 16, activation: 'relu' }).apply(joined)
  const net = model({ inputs: [age, kind], outputs: layers.dense({ units: 1, activation: 'sigmoid' }).apply(hidden) })
  net.compile({ loss: 'binaryCrossentropy', optimizer: 'nadam', metrics: ['accuracy'] })
  const { history } = await net.fit(x, tensor(y, [n, 1]), { epochs: 60, verbose: 0 })
  expect(history.accuracy?.at(-1)).toBeGreaterThan(0.9)

  const copy = await models.clone(net)
  copy.setWeights(net.getWeights())
  const [want] = [await net.predict(x)] as Tensor[]
  expect((await copy.predict(x)).data()).toEqual(want?.data())

  const outside = await failure(() => net.fit({ ...x, kind: tensor(kinds.fill(8), [n, 1]) }, tensor(y, [n, 1])))
  expect(outside.message).toContain('index 8 of sample 0 is out of range')
  expect(outside.message).toContain('CategoryEncoding')
})

test('discretization adapts to batches, and to nothing once it is used', async () => {
  const bins = layers.discretization({ numBins: 2, name: 'bins' })
  expect((await failure(() => bins.apply(tensor([1])))).message).toContain('has no bins yet')
  await bins.adapt([tensor([1, 2]), tensor([3, 4])].values())
  expect(bins.toJSON().config).toMatchObject({ bin_boundaries: [2], num_bins: 2 })
  expect(bins.apply(tensor([[1.5, 2, 9]])).toArray()).toEqual([[0, 1, 1]])
  expect(bins.apply(tensor([[1.5, 2, 9]])).dtype).toBe('int32')
  const late = await failure(() => bins.adapt(tensor([1, 2])))
  expect(late.message).toBe(
    "layer 'bins' (Discretization): was used already, and its bins are part of what was made with it; adapt it first, or make a new layer",
  )
  // Also if it is used while it adapts.
  const slow = layers.discretization({ numBins: 2 })
  await slow.adapt(tensor([1, 2]))
  async function* pieces() {
    yield tensor([5, 6])
    slow.apply(tensor([1]))
  }
  expect((await failure(() => slow.adapt(pieces()))).message).toContain('was used already')
  const infinite = await failure(() =>
    layers.discretization({ numBins: 2 }).adapt(tensor([1, Number.POSITIVE_INFINITY])),
  )
  expect(infinite.message).toContain('element 1 of the data is inf; bins are made of finite numbers')
  const none = await failure(() => layers.discretization({ numBins: 2, name: 'b' }).adapt([].values()))
  expect(none.message).toBe("layer 'b' (Discretization): received no samples to adapt to")
})
