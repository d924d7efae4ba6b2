// "The vanishing/exploding gradients problem", "Glorot and He initialization", as numbers.
import { initializers, input, layers, random, sequential } from 'glorot'
import { expect, test } from 'vitest'
import { gradientNorms, normal, outputs, stack } from './deep.js'

const x = normal([200, 100])

test('sigmoid with weights of N(0, 1) saturates, and its gradients vanish towards the inputs', () => {
  random.setSeed(58)
  const net = stack(10, { activation: 'sigmoid', kernelInitializer: initializers.randomNormal({ stddev: 1 }) })
  const layerOutputs = outputs(net, x)
  // The weighted sums have variance 100 E[a²], far more than their inputs: most sigmoids are at 0 or 1.
  const saturated = ({ values }: { values: { data(): ArrayLike<number> } }) => {
    const all = Array.from(values.data())
    return all.filter(value => value < 0.05 || value > 0.95).length / all.length
  }
  for (const output of layerOutputs) expect(saturated(output)).toBeGreaterThan(0.5)
  const norms = gradientNorms(net, x)
  expect((norms[0] as number) / (norms[9] as number)).toBeLessThan(0.15)
})

test('sigmoid keeps less and less of the gradient with Glorot weights too', () => {
  random.setSeed(58)
  const norms = gradientNorms(stack(20, { activation: 'sigmoid' }), x)
  for (let i = 1; i < norms.length; i++) expect(norms[i - 1]).toBeLessThan(norms[i] as number)
  expect((norms[0] as number) / (norms[19] as number)).toBeLessThan(1e-9)
})

test('weights that are too large explode: outputs and gradients grow from layer to layer', () => {
  random.setSeed(58)
  const net = stack(10, { activation: 'relu', kernelInitializer: initializers.randomNormal({ stddev: 1 }) })
  const all = outputs(net, x)
  // Each layer multiplies the deviation by about sqrt(100 / 2).
  for (let i = 1; i < all.length; i++) {
    const growth = (all[i]?.std as number) / (all[i - 1]?.std as number)
    expect(growth).toBeGreaterThan(3)
    expect(growth).toBeLessThan(14)
  }
  expect(all[9]?.std).toBeGreaterThan(1e7)
})

test.each([
  ['Glorot for tanh', 'tanh', 'glorotNormal', 0.1, 1],
  ['He for ReLU', 'relu', 'heNormal', 0.2, 3],
  ['He for ELU', 'elu', 'heUniform', 0.2, 3],
  ['LeCun for SELU', 'selu', 'lecunNormal', 0.8, 1.2],
] as const)('%s: outputs keep their deviation over 20 layers', (_, activation, kernelInitializer, least, most) => {
  random.setSeed(58)
  const net = stack(20, { activation, kernelInitializer })
  for (const { std } of outputs(net, x)) {
    expect(std).toBeGreaterThan(least)
    expect(std).toBeLessThan(most)
  }
  const norms = gradientNorms(net, x)
  expect((norms[0] as number) / (norms[19] as number)).toBeGreaterThan(0.01)
  expect((norms[0] as number) / (norms[19] as number)).toBeLessThan(100)
})

test.each([
  ['glorotNormal', 1 / 150],
  ['glorotUniform', 1 / 150],
  ['heNormal', 2 / 200],
  ['heUniform', 2 / 200],
  ['lecunNormal', 1 / 200],
  ['lecunUniform', 1 / 200],
] as const)('%s has the variance of the table, of 200 inputs and 100 units', (id, variance) => {
  random.setSeed(58)
  const kernel = initializers.get(id).initialize([200, 100])
  const { mean, variance: own } = kernel.moments()
  expect(mean.item()).toBeCloseTo(0, 2)
  expect(own.item() / variance).toBeCloseTo(1, 1)
  const limit = Math.sqrt(3 * variance)
  if (id.endsWith('Uniform')) expect(Math.max(...kernel.data().map(Math.abs))).toBeLessThanOrEqual(Math.fround(limit))
})

test('Keras’s default is Glorot, uniform', () => {
  expect(layers.dense({ units: 1 }).getConfig().kernel_initializer).toMatchObject({ class_name: 'GlorotUniform' })
})

// In [1]
test('He initialization, uniform, by the average of inputs and outputs', async () => {
  random.setSeed(58)
  const heAvgInit = initializers.varianceScaling({ scale: 2, mode: 'fanAvg', distribution: 'uniform' })
  const dense = layers.dense({ units: 10, activation: 'sigmoid', kernelInitializer: heAvgInit })
  sequential([input({ shape: [3000] }), dense])
  const kernel = dense.getWeights()[0]?.data() as Float32Array
  const limit = Math.sqrt((3 * 2) / ((3000 + 10) / 2))
  const largest = Math.max(...kernel.map(Math.abs))
  expect(largest).toBeLessThanOrEqual(Math.fround(limit))
  expect(largest).toBeGreaterThan(0.99 * limit)
})
