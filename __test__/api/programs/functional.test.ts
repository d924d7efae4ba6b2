import { input, layers, model, random, tensor } from 'glorot'
import { expect, test } from 'vitest'

test('20 hidden layers', () => {
  const x = input({ shape: [32, 32, 3] })
  let h = layers.flatten().apply(x)
  for (let i = 0; i < 20; i++) {
    h = layers.dense({ units: 100, activation: 'elu', kernelInitializer: 'heNormal' }).apply(h)
  }
  const net = model({ inputs: x, outputs: layers.dense({ units: 10, activation: 'softmax', name: 'output' }).apply(h) })
  expect(net.layers).toHaveLength(23)
  // As the summary of the notes has it: 307,300 + 19 · 10,100 + 1,010.
  expect(net.countParams()).toBe(500_210)
})

test('Wide & Deep: several inputs, a skip connection, outputs with their own losses', async () => {
  random.setSeed(1)
  const wide = input({ shape: [3], name: 'wide' })
  const deep = input({ shape: [4], name: 'deep' })
  let h = layers.normalization({ mean: 0, variance: 1 }).apply(deep)
  h = layers.dense({ units: 16, activation: 'relu' }).apply(h)
  h = layers.dense({ units: 16, activation: 'relu' }).apply(h)
  const joined = layers.concatenate().apply([wide, h])
  const net = model({
    inputs: [wide, deep],
    outputs: [
      layers.dense({ units: 1, name: 'main' }).apply(joined),
      layers.dense({ units: 1, name: 'auxiliary' }).apply(h),
    ],
  })
  net.compile({
    optimizer: 'adam',
    loss: { main: 'mse', auxiliary: 'mae' },
    lossWeights: { main: 0.9, auxiliary: 0.1 },
    metrics: { main: ['rootMeanSquaredError'] },
  })
  const n = 64
  const values = (width: number) =>
    tensor(
      Float32Array.from({ length: n * width }, (_, i) => Math.sin(i * width)),
      [n, width],
    )
  const x = { wide: values(3), deep: values(4) }
  const y = { main: values(1), auxiliary: values(1) }
  const { history } = await net.fit(x, y, { epochs: 3, validationSplit: 0.25, verbose: 0 })
  expect(Object.keys(history)).toEqual([
    'loss',
    'mainLoss',
    'auxiliaryLoss',
    'mainRootMeanSquaredError',
    'valLoss',
    'valMainLoss',
    'valAuxiliaryLoss',
    'valMainRootMeanSquaredError',
  ])
  const scores = await net.evaluate(x, y, { verbose: 0 })
  const { loss, mainLoss, auxiliaryLoss } = scores as Record<string, number>
  expect(loss).toBeCloseTo(0.9 * (mainLoss as number) + 0.1 * (auxiliaryLoss as number), 5)
})

test('a shared layer, and a model inside of a model', async () => {
  const shared = layers.dense({ units: 2, useBias: false })
  const [a, b] = [input({ shape: [3] }), input({ shape: [3] })]
  const pair = model({ inputs: [a, b], outputs: layers.subtract().apply([shared.apply(a), shared.apply(b)]) })
  expect(pair.countParams()).toBe(6)
  const x = input({ shape: [3] })
  const same = model({ inputs: x, outputs: pair.apply([x, x]) })
  expect((await same.predict([[1, 2, 3]])).toArray()).toEqual([[0, 0]])
})
