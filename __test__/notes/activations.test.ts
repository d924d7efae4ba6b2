// "Nonsaturating Activation Functions".
import { activations, grad, input, layers, ops, random, sequential, type Tensor, tensor } from 'glorot'
import { expect, test } from 'vitest'
import { circle } from '../api/data.js'
import { gradientNorms, normal, outputs, stack } from './deep.js'

const z = tensor([-3, -1, -0.5, 0, 0.5, 2])
const rounded = (values: ArrayLike<number>) => Array.from(values, value => Number(value.toFixed(5)))
const values = Array.from(z.data())

test('ReLU dies, leaky ReLU does not', () => {
  const slopes = ([dz]: Tensor[]) => rounded(dz?.data() ?? [])
  expect(slopes(grad(x => ops.sum(activations.relu(x)))(z))).toEqual([0, 0, 0, 0, 1, 1])
  const leaky = grad(x => ops.sum(activations.leakyRelu(x, { negativeSlope: 0.01 })))(z)
  expect(slopes(leaky)).toEqual([0.01, 0.01, 0.01, 0.01, 1, 1])
})

test('leaky ReLU is max(αz, z)', () => {
  const leaky = activations.leakyRelu(z, { negativeSlope: 0.2 })
  expect(rounded(leaky.data())).toEqual(rounded(values.map(value => Math.max(0.2 * value, value))))
})

test('ELU', () => {
  const elu = (alpha: number) => values.map(value => (value < 0 ? alpha * (Math.exp(value) - 1) : value))
  expect(rounded(activations.elu(z).data())).toEqual(rounded(elu(1)))
  expect(rounded(activations.elu(z, { alpha: 2 }).data())).toEqual(rounded(elu(2)))
  // With α = 1 the slope is continuous at 0.
  const [slope] = grad(x => ops.sum(activations.elu(x)))(tensor([-1e-6, 1e-6]))
  expect(rounded(slope?.data() ?? [])).toEqual([1, 1])
})

// In [2]
test('leaky ReLU as a layer, after the layer that it is for', async () => {
  const model = sequential([
    layers.dense({ units: 10, kernelInitializer: 'heNormal' }),
    layers.leakyReLU({ negativeSlope: 0.2 }),
  ])
  const output = await model.predict(normal([20, 8]))
  expect(Math.min(...output.data())).toBeGreaterThan(-2)
  expect(model.layers[1]?.getConfig()).toMatchObject({ negative_slope: 0.2 })
})

test('PReLU learns its slopes', async () => {
  random.setSeed(58)
  const { x, y } = circle(64)
  const prelu = layers.prelu({ alphaInitializer: 'zeros' })
  const model = sequential([
    input({ shape: [2] }),
    layers.dense({ units: 10, kernelInitializer: 'heNormal' }),
    prelu,
    layers.dense({ units: 2, activation: 'softmax' }),
  ])
  expect(prelu.countParams()).toBe(10)
  model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
  await model.fit(x, y, { epochs: 5, verbose: 0 })
  expect(
    prelu
      .getWeights()[0]
      ?.data()
      .some(alpha => alpha !== 0),
  ).toBe(true)
})

test('RReLU: slopes are random in training, and their average otherwise', () => {
  random.setSeed(58)
  const rrelu = layers.rrelu({ lower: 1 / 8, upper: 1 / 3 })
  const minus = tensor(new Float32Array(10_000).fill(-1))
  const slopes = Array.from(rrelu.apply(minus, { training: true }).data(), Math.abs)
  expect(Math.min(...slopes)).toBeGreaterThanOrEqual(1 / 8)
  expect(Math.max(...slopes)).toBeLessThanOrEqual(Math.fround(1 / 3))
  expect(slopes.reduce((sum, slope) => sum + slope, 0) / 10_000).toBeCloseTo((1 / 8 + 1 / 3) / 2, 2)
  expect(new Set(rrelu.apply(minus).data().map(Math.abs))).toEqual(new Set([Math.fround((1 / 8 + 1 / 3) / 2)]))
})

test('SELU normalizes itself: mean 0 and deviation 1 after each of 100 layers', () => {
  random.setSeed(58)
  const net = stack(100, { activation: 'selu', kernelInitializer: 'lecunNormal' })
  const x = normal([500, 100])
  for (const { mean, std } of outputs(net, x)) {
    expect(Math.abs(mean)).toBeLessThan(0.3)
    expect(std).toBeGreaterThan(0.7)
    expect(std).toBeLessThan(1.3)
  }
  const norms = gradientNorms(net, x)
  expect((norms[0] as number) / (norms[99] as number)).toBeGreaterThan(0.02)
  expect((norms[0] as number) / (norms[99] as number)).toBeLessThan(50)
})

test('ReLU and sigmoid do not, with the same 100 layers', () => {
  const x = normal([100, 100])
  random.setSeed(58)
  const relu = outputs(stack(100, { activation: 'relu', kernelInitializer: 'lecunNormal' }), x)
  expect(relu[99]?.std).toBeLessThan(1e-6)
  random.setSeed(58)
  const norms = gradientNorms(stack(100, { activation: 'sigmoid' }), x)
  expect(norms[0]).toBe(0)
})

test('SELU keeps its normalization with alpha dropout, not with dropout', () => {
  const build = (drop: () => layers.Layer) => {
    random.setSeed(58)
    const dense = () => layers.dense({ units: 100, activation: 'selu', kernelInitializer: 'lecunNormal' })
    return sequential([input({ shape: [100] }), ...Array.from({ length: 10 }, () => [dense(), drop()]).flat()])
  }
  const std = (net: ReturnType<typeof build>) =>
    net
      .apply(normal([500, 100]), { training: true })
      .moments()
      .std.item()
  const off = (drop: () => layers.Layer) => Math.abs(std(build(drop)) - 1)
  expect(off(() => layers.alphaDropout({ rate: 0.2 }))).toBeLessThan(0.15)
  expect(off(() => layers.dropout({ rate: 0.2 }))).toBeGreaterThan(0.15)
})
