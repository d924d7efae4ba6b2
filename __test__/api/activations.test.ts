import { activations, input, layers, sequential, tensor } from 'glorot'
import { expect, test } from 'vitest'

const x = tensor([-2, 0.5, 3])

test('every activation is a function, an id, and serializable', () => {
  const { get, deserialize, threshold, ...functions } = activations
  expect(Object.keys(functions)).toHaveLength(31)
  for (const [id, activation] of Object.entries(functions)) {
    const four = tensor([-2, 0.5, 3, 1])
    const values = activation(four).toArray()
    expect(get(id as activations.ActivationId)(four).toArray()).toEqual(values)
    expect(deserialize(activation.toJSON() as string)(four).toArray()).toEqual(values)
  }
  expect(threshold(x, { threshold: 1, defaultValue: -1 }).toArray()).toEqual([-1, -1, 3])
})

test('options of activations', () => {
  expect(activations.hardShrink(x, { threshold: 1 }).toArray()).toEqual([-2, 0, 3])
  expect(activations.softShrink(x, { threshold: 1 }).toArray()).toEqual([-1, 0, 2])
  expect(activations.relu(x, { maxValue: 1, negativeSlope: 0.5 }).toArray()).toEqual([-1, 0.5, 1])
  expect(() => activations.celu(x, { alpha: -1 })).toThrow("celu: option 'alpha' must be greater than 0; received -1")
})

test('an activation layer is an activation', () => {
  const leaky = layers.leakyReLU({ negativeSlope: 0.5 })
  expect(leaky.apply(x).toArray()).toEqual([-1, 0.5, 3])
  const net = sequential([
    input({ shape: [3] }),
    layers.dense({ units: 3, kernelInitializer: 'identity', activation: leaky }),
  ])
  expect(net.apply(tensor([[-2, 0.5, 3]])).toArray()).toEqual([[-1, 0.5, 3]])
  expect(net.toJSON().config.layers).toMatchObject([{}, { config: { activation: { class_name: 'LeakyReLU' } } }])
})

test('layers with slopes of their own', () => {
  expect(
    layers
      .prelu({ alphaInitializer: 'ones', sharedAxes: [1] })
      .apply(tensor([[-2, 3]]))
      .toArray(),
  ).toEqual([[-2, 3]])
  expect(layers.rrelu({ lower: 0.25, upper: 0.75 }).apply(x).toArray()).toEqual([-1, 0.5, 3])
  const drawn = layers
    .rrelu()
    .apply(tensor([-1, -1, -1]), { training: true })
    .data()
  for (const y of drawn) expect(-y >= 1 / 8 && -y < 1 / 3).toBe(true)
  expect(new Set(drawn).size).toBeGreaterThan(1)
})
