// "Batch normalization".
import { input, layers, random, sequential, tensor } from 'glorot'
import { expect, test } from 'vitest'
import { normal } from './deep.js'

// In [3]
test('batch normalization after every hidden layer and first of all', () => {
  const model = sequential([
    layers.flatten({ inputShape: [28, 28] }),
    layers.batchNormalization(),
    layers.dense({ units: 300, activation: 'elu', kernelInitializer: 'heNormal' }),
    layers.batchNormalization(),
    layers.dense({ units: 100, activation: 'elu', kernelInitializer: 'heNormal' }),
    layers.batchNormalization(),
    layers.dense({ units: 10, activation: 'softmax' }),
  ])
  expect(model.layers.map(layer => layer.countParams())).toEqual([0, 3136, 235500, 1200, 30100, 400, 1010])
  const text = model.summary({ print: () => {} })
  expect(text).toContain('Total params: 271,346')
  expect(text).toContain('Non-trainable params: 2,368')
  const names = model.layers[1]?.weights.map(weight => weight.name)
  expect(names).toEqual(['gamma', 'beta', 'moving_mean', 'moving_variance'])
  expect(model.layers[1]?.trainableWeights.map(weight => weight.name)).toEqual(['gamma', 'beta'])
})

// In [4]
test('batch normalization before the activation, in place of the bias', () => {
  const model = sequential([
    layers.flatten({ inputShape: [28, 28] }),
    layers.batchNormalization(),
    layers.dense({ units: 300, kernelInitializer: 'heNormal', useBias: false }),
    layers.batchNormalization(),
    layers.activation('elu'),
    layers.dense({ units: 100, activation: 'elu', kernelInitializer: 'heNormal', useBias: false }),
    layers.batchNormalization(),
    layers.activation('elu'),
    layers.dense({ units: 10, activation: 'softmax' }),
  ])
  expect(model.layers.map(layer => layer.countParams())).toEqual([0, 3136, 235200, 1200, 0, 30000, 400, 0, 1010])
})

test('the four steps of the algorithm', () => {
  const layer = layers.batchNormalization({ epsilon: 0.5 })
  const x = [
    [1, 10],
    [3, 30],
  ]
  layer.build([2, 2])
  const [gamma, beta] = [
    [2, 3],
    [0.5, -1],
  ] as const
  layer.setWeights([gamma, beta, [0, 0], [1, 1]])
  const [mean, variance] = [
    [2, 20],
    [1, 100],
  ] as const
  const z = x.map(row =>
    row.map(
      (value, i) =>
        ((gamma[i] as number) * (value - (mean[i] as number))) / Math.sqrt((variance[i] as number) + 0.5) +
        (beta[i] as number),
    ),
  )
  const output = layer.apply(tensor(x), { training: true })
  for (const [i, value] of z.flat().entries()) expect(output.data()[i]).toBeCloseTo(value, 5)
})

test('momentum: how fast the moving averages follow', () => {
  const layer = layers.batchNormalization({ momentum: 0.9 })
  const x = tensor([[1], [3]])
  for (let step = 1; step <= 3; step++) {
    layer.apply(x, { training: true })
    const [, , mean, variance] = layer.getWeights()
    // v̂ ← v̂ · momentum + v · (1 - momentum), of mean 2 and variance 1.
    expect(mean?.item()).toBeCloseTo(2 * (1 - 0.9 ** step), 6)
    expect(variance?.item()).toBeCloseTo(1, 6)
  }
  const [gamma, beta, mean, variance] = layer.getWeights().map(weight => weight.item()) as [
    number,
    number,
    number,
    number,
  ]
  const inference = ((5 - mean) / Math.sqrt(variance + 0.001)) * gamma + beta
  expect(layer.apply(tensor([[5]])).item()).toBeCloseTo(inference, 5)
})

test('axis: each column of the images, or each of their pixels', () => {
  const statistics = (axis: number | number[]) => {
    const layer = layers.batchNormalization({ axis })
    const net = sequential([input({ shape: [28, 28] }), layer, layers.flatten()])
    expect(net.layers[0]).toBe(layer)
    return layer.getWeights().map(weight => weight.size)
  }
  expect(statistics(-1)).toEqual([28, 28, 28, 28])
  expect(statistics([1, 2])).toEqual([784, 784, 784, 784])
})

test('a network begins with standardized outputs, whatever the inputs are', () => {
  random.setSeed(58)
  const net = sequential([input({ shape: [100] }), layers.batchNormalization()])
  const far = tensor(
    normal([200, 100])
      .data()
      .map(value => 50 * value + 300),
    [200, 100],
  )
  const { mean, std } = net.apply(far, { training: true }).moments()
  expect(mean.item()).toBeCloseTo(0, 3)
  expect(std.item()).toBeCloseTo(1, 3)
})
