import { datasets, input, layers, random, type SymbolicTensor, sequential } from 'glorot'
import { expect, test } from 'vitest'

class MCDropout extends layers.Dropout {
  override call(x: SymbolicTensor) {
    return super.call(x, { training: true })
  }
}

test('standardized inputs, self-normalizing networks, MC dropout', async () => {
  random.setSeed(3)
  const { train, test } = await datasets.glyphs({ train: 400, test: 20 })
  const norm = layers.normalization()
  await norm.adapt(train.x)
  const net = sequential([
    input({ shape: [28, 28] }),
    norm,
    layers.flatten(),
    layers.dense({ units: 30, activation: 'selu', kernelInitializer: 'lecunNormal' }),
    layers.alphaDropout({ rate: 0.1 }),
    layers.dense({ units: 30 }),
    layers.leakyReLU({ negativeSlope: 0.2 }),
    layers.dense({ units: 30 }),
    layers.prelu(),
    layers.dense({ units: 30 }),
    layers.rrelu({ lower: 1 / 8, upper: 1 / 3 }),
    layers.batchNormalization(),
    layers.dense({ units: 10, activation: 'softmax' }),
  ])
  net.compile({ optimizer: 'nadam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  await net.fit(train.x, train.y, { epochs: 2, verbose: 0 })
  const statistics = () => net.layers.find(layer => layer.className === 'BatchNormalization')?.getWeights()
  const before = statistics()

  const samples = await net.predictSamples(test.x, { samples: 100 })
  expect(samples.shape).toEqual([100, 20, 10])
  const { mean, std } = samples.moments(0)
  expect(mean.shape).toEqual([20, 10])
  expect(Math.max(...std.data())).toBeGreaterThan(0.01)
  const x = test.x
  const y = net.apply(x, { training: true })
  expect(y.shape).toEqual([20, 10])
  expect(y.data()).not.toEqual(net.apply(x).data())
  // predictSamples leaves the moving averages alone; a call in training mode moves them, as Keras's does.
  expect(await net.predictSamples(test.x, { samples: 1 })).toHaveProperty('shape', [1, 20, 10])
  expect(statistics()).not.toEqual(before)
})

test('a dropout layer that always drops', async () => {
  const net = sequential([input({ shape: [1000] }), new MCDropout({ rate: 0.5 })])
  const ones = Array(1000).fill(1)
  const [first, second] = [await net.predict([ones]), await net.predict([ones])]
  expect(new Set(first.data())).toEqual(new Set([0, 2]))
  expect(second.data()).not.toEqual(first.data())
})
