// "Regularization".
import {
  callbacks,
  constraints,
  input,
  layers,
  ops,
  random,
  regularizers,
  type SymbolicTensor,
  sequential,
  tensor,
} from 'glorot'
import { expect, test } from 'vitest'
import { circle, network } from '../api/data.js'

const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values))

// In [29]
test('ℓ2 regularization is added to the loss', async () => {
  random.setSeed(58)
  const layer = layers.dense({
    units: 100,
    activation: 'elu',
    kernelInitializer: 'heNormal',
    kernelRegularizer: regularizers.l2(0.01),
  })
  const net = sequential([input({ shape: [2] }), layer])
  net.compile({ optimizer: 'sgd', loss: 'mse' })
  const x = tensor([[1, 2]])
  const { loss } = await net.testOnBatch(x, await net.predict(x))
  const kernel = layer.getWeights()[0]?.data() as Float32Array
  expect(loss).toBeCloseTo(0.01 * norm(kernel) ** 2, 4)
})

test('ℓ1 makes weights sparse, ℓ1ℓ2 adds both', async () => {
  const w = tensor([[1, -2]])
  expect(regularizers.l1(0.1).penalty(w).item()).toBeCloseTo(0.3, 6)
  expect(regularizers.l1l2({ l1: 0.1, l2: 0.01 }).penalty(w).item()).toBeCloseTo(0.35, 6)
  const small = async (kernelRegularizer?: regularizers.Regularizer) => {
    random.setSeed(58)
    const net = sequential([input({ shape: [20] }), layers.dense({ units: 1, kernelRegularizer })])
    net.compile({ optimizer: 'sgd', loss: 'mse' })
    // Only the first of 20 features matters.
    const x = tensor(
      Float32Array.from({ length: 2560 }, (_, i) => Math.sin(i * i)),
      [128, 20],
    )
    await net.fit(x, x.slice([0, 0], [128, 1]), { epochs: 100, verbose: 0 })
    return net
      .getWeights()[0]
      ?.data()
      .filter(weight => Math.abs(weight) < 0.01).length as number
  }
  expect(await small(regularizers.l1(0.05))).toBeGreaterThan(15)
  expect(await small()).toBeLessThan(10)
})

// In [31]: `functools.partial` is a function.
test('layers with defaults of one’s own', () => {
  const regularizedDense = (units: number, options: Partial<layers.DenseOptions> = {}) =>
    layers.dense({
      units,
      activation: 'elu',
      kernelInitializer: 'heNormal',
      kernelRegularizer: regularizers.l2(0.01),
      ...options,
    })
  const model = sequential([
    layers.flatten({ inputShape: [28, 28] }),
    regularizedDense(300),
    regularizedDense(100),
    regularizedDense(10, { activation: 'softmax', kernelInitializer: 'glorotUniform' }),
  ])
  expect(model.layers.slice(1).map(layer => layer.getConfig())).toMatchObject([
    { units: 300, activation: 'elu', kernel_initializer: { class_name: 'HeNormal' } },
    { units: 100, kernel_regularizer: { class_name: 'L2', config: { l2: 0.01 } } },
    { units: 10, activation: 'softmax', kernel_initializer: { class_name: 'GlorotUniform' } },
  ])
})

// In [35]
const p = 0.2
const dropped = () => {
  random.setSeed(58)
  return sequential([
    layers.flatten({ inputShape: [28, 28] }),
    layers.dropout({ rate: p }),
    layers.dense({ units: 300, activation: 'elu', kernelInitializer: 'heNormal' }),
    layers.dropout({ rate: p }),
    layers.dense({ units: 100, activation: 'elu', kernelInitializer: 'heNormal' }),
    layers.dropout({ rate: p }),
    layers.dense({ units: 10, activation: 'softmax' }),
  ])
}
const images = tensor(
  Float32Array.from({ length: 4 * 784 }, (_, i) => Math.sin(i)),
  [4, 28, 28],
)

test('dropout: inputs are dropped with probability p in training, and the others divided by 1 - p', () => {
  const dropout = layers.dropout({ rate: p })
  const ones = tensor(new Float32Array(100_000).fill(1))
  const values = Array.from(dropout.apply(ones, { training: true }).data())
  expect(new Set(values)).toEqual(new Set([0, 1.25]))
  expect(values.filter(value => value === 0).length / 100_000).toBeCloseTo(p, 2)
  expect(dropout.apply(ones).data()).toEqual(ones.data())
  const net = dropped()
  expect(net.apply(images).data()).toEqual(net.apply(images).data())
  expect(net.apply(images, { training: true }).data()).not.toEqual(net.apply(images, { training: true }).data())
})

// "Monte Carlo (MC) Dropout"
test('the mean of 100 predictions with dropout', async () => {
  const model = dropped()
  const draws = Array.from({ length: 100 }, () => model.apply(images, { training: true }))
  const probabilities = ops.mean(ops.stack(draws), 0)
  expect(probabilities.shape).toEqual([4, 10])
  for (const sum of ops.sum(probabilities, 1).data()) expect(sum).toBeCloseTo(1, 4)
  // The same in one call; batch normalization would stay in inference.
  const { mean, std } = (await model.predictSamples(images, { samples: 100 })).moments(0)
  const spread = Math.max(...std.data())
  expect(spread).toBeGreaterThan(0.01)
  for (const [i, value] of mean.data().entries()) {
    expect(Math.abs(value - (probabilities.data()[i] as number))).toBeLessThan(spread)
  }
})

// In [37]
class MCDropout extends layers.Dropout {
  override call(inputs: SymbolicTensor) {
    return super.call(inputs, { training: true })
  }
}

test('MCDropout drops in inference too, while batch normalization does not use the batch', async () => {
  random.setSeed(58)
  const norm = layers.batchNormalization()
  const net = sequential([input({ shape: [100] }), norm, new MCDropout({ rate: 0.5 })])
  const x = tensor(new Float32Array(200).fill(3), [2, 100])
  const values = Array.from((await net.predict(x)).data())
  const kept = values.filter(value => value !== 0)
  expect(kept.length).toBeGreaterThan(60)
  expect(kept.length).toBeLessThan(140)
  // Of the batch, all would be 0: the moving averages are 0 and 1.
  for (const value of kept) expect(value).toBeCloseTo((2 * 3) / Math.sqrt(1.001), 4)
})

test('a dropout network becomes one of MCDropout layers, with its weights', async () => {
  const model = dropped()
  const mc = sequential(
    dropped().layers.map(layer => (layer instanceof layers.Dropout ? new MCDropout({ rate: p }) : layer)),
  )
  mc.setWeights(model.getWeights())
  const [first, second] = [await mc.predict(images), await mc.predict(images)]
  expect(first.data()).not.toEqual(second.data())
  expect((await model.predict(images)).data()).toEqual((await model.predict(images)).data())
})

// In [42]
test('max-norm: no unit has weights longer than r, after every step', async () => {
  const build = (kernelConstraint: constraints.Constraint | null) => {
    random.setSeed(58)
    return layers.dense({ units: 100, activation: 'elu', kernelInitializer: 'heNormal', kernelConstraint })
  }
  const longest = async (dense: layers.Layer) => {
    const { x, y } = circle(128)
    const net = sequential([input({ shape: [2] }), dense, layers.dense({ units: 2, activation: 'softmax' })])
    net.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
    await net.fit(x, y, { epochs: 2, verbose: 0 })
    const kernel = dense.getWeights()[0]?.data() as Float32Array
    return Math.max(...Array.from({ length: 100 }, (_, unit) => Math.hypot(kernel[unit] ?? 0, kernel[100 + unit] ?? 0)))
  }
  expect(await longest(build(constraints.maxNorm(1)))).toBeLessThanOrEqual(1.000001)
  expect(await longest(build(null))).toBeGreaterThan(1.5)
})

test('early stopping', async () => {
  const { x, y } = circle(64)
  const net = network()
  net.optimizer.learningRate = 0.1
  const stopping = callbacks.earlyStopping({ patience: 3, restoreBestWeights: true })
  const history = await net.fit(x, y, { epochs: 500, validationSplit: 0.3, callbacks: [stopping], verbose: 0 })
  expect(history.epoch.length).toBeLessThan(500)
  const best = Math.min(...(history.history.valLoss as number[]))
  const valid = { x: x.slice(44), y: y.slice(44) }
  expect((await net.evaluate(valid.x, valid.y, { verbose: 0 })).loss).toBeCloseTo(best, 4)
})
