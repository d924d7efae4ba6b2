import { grad, input, layers, ops, optimizers, random, type SymbolicTensor, sequential, type Tensor } from 'glorot'
import { beforeEach, expect, test } from 'vitest'
import { failure } from './data.js'

beforeEach(() => random.setSeed(58))

const mean = (x: Tensor) => ops.mean(ops.cast(x, 'float32')).item() as number
const std = (x: Tensor) => ops.std(ops.cast(x, 'float32')).item() as number
const n = 20_000

test('numbers have their distributions', () => {
  const normal = random.normal([n], { mean: 2, stddev: 3 })
  expect(Math.abs(mean(normal) - 2)).toBeLessThan(0.1)
  expect(Math.abs(std(normal) - 3)).toBeLessThan(0.1)

  const truncated = random.truncatedNormal([n], { mean: 1, stddev: 2 })
  expect(ops.min(truncated).item()).toBeGreaterThanOrEqual(-3)
  expect(ops.max(truncated).item()).toBeLessThanOrEqual(5)
  expect(Math.abs(mean(truncated) - 1)).toBeLessThan(0.06)
  // Of the normal distribution that is cut at two deviations.
  expect(Math.abs(std(truncated) - 2 * 0.8796)).toBeLessThan(0.06)

  const uniform = random.uniform([n], { minval: -1, maxval: 3 })
  expect(ops.min(uniform).item()).toBeGreaterThanOrEqual(-1)
  expect(ops.max(uniform).item()).toBeLessThan(3)
  expect(Math.abs(mean(uniform) - 1)).toBeLessThan(0.04)

  const whole = random.randint([n], -1, 2)
  expect(whole.dtype).toBe('int32')
  for (const value of [-1, 0, 1]) {
    expect(Math.abs(mean(ops.equal(whole, value)) - 1 / 3)).toBeLessThan(0.02)
  }

  const classes = random.categorical(
    [
      [0, Math.log(3)],
      [50, 0],
    ],
    n,
  )
  expect(classes.shape).toEqual([2, n])
  expect(Math.abs(mean(classes.slice(0, 1)) - 0.75)).toBeLessThan(0.02)
  expect(mean(classes.slice(1))).toBe(0)

  const dropped = random.dropout(ops.full([n], 3), 0.25)
  expect(new Set(dropped.data())).toEqual(new Set([0, 4]))
  expect(Math.abs(mean(ops.equal(dropped, 0)) - 0.25)).toBeLessThan(0.02)
})

test('numbers follow from seeds', () => {
  const draw = () => Array.from(random.normal([3]).data())
  const first = draw()
  expect(draw()).not.toEqual(first)
  random.setSeed(58)
  expect(draw()).toEqual(first)
  const seeded = () => Array.from(random.normal([3], { seed: 7 }).data())
  expect(seeded()).toEqual(seeded())
})

class Noise extends layers.Layer {
  override call(x: SymbolicTensor, { training }: layers.CallContext): SymbolicTensor {
    return training ? ops.add(x, random.normal(x.shape, { stddev: 0.5 })) : x
  }
}

test("a layer of one's own draws new numbers in each step", async () => {
  const noise = new Noise()
  const zeros = ops.zeros([4, 3])
  const [a, b] = [noise.apply(zeros, { training: true }), noise.apply(zeros, { training: true })]
  expect(a.data()).not.toEqual(b.data())
  expect(noise.apply(zeros).data()).toEqual(zeros.data())

  // The weights stay: what changes is the noise.
  const losses = async () => {
    random.setSeed(3)
    const net = sequential([input({ shape: [3] }), new Noise(), layers.dense({ units: 1 })])
    net.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: 'mse' })
    return (await net.fit(zeros, ops.zeros([4, 1]), { epochs: 3, verbose: 0 })).history.loss
  }
  const first = await losses()
  expect(new Set(first).size).toBe(3)
  expect(await losses()).toEqual(first)
})

test('gradients go around random numbers', () => {
  const [slopes] = grad(x => ops.sum(ops.mul(x, random.uniform([3], { seed: 2 }))))(ops.ones([3]))
  expect(slopes?.data()).toEqual(random.uniform([3], { seed: 2 }).data())
})

test('a loss cannot draw', async () => {
  const net = sequential([input({ shape: [1] }), layers.dense({ units: 1 })])
  net.compile({ optimizer: 'sgd', loss: (y, p) => ops.mean(ops.mul(ops.sub(y, p), random.normal([1]))) })
  const error = await failure(() => net.fit(ops.ones([4, 1]), ops.ones([4, 1]), { verbose: 0 }))
  expect(error.message).toContain('a loss function cannot draw random numbers; draw them in a layer')
})

test.each([
  [() => random.normal([-1]), /^normal: the shape must be an array/],
  [() => random.normal([2 ** 20, 2 ** 20]), /^normal: shape .* would have 2\^31 elements or more/],
  [() => random.uniform([1], { seed: -1 }), /^seed: expected a whole number from 0, received -1/],
  [() => random.normal([1], { std: 2 } as never), /^normal: unknown option 'std'; known options: mean, stddev, seed$/],
  [() => random.normal([1], { stddev: -1 }), /^normal: option 'stddev' must be at least 0; received -1$/],
  [() => random.uniform([1], { minval: Number.NaN }), /^uniform: option 'minval' must be a number; received NaN$/],
  [() => random.uniform([1], null as never), /^uniform: expected an object of options; received null$/],
  [() => random.randint([1], 2 ** 31 - 1, 2 ** 31 + 1), /^randint: expected two whole numbers of int32/],
  [() => random.randint([1], 3, 3), /^randint: expected two whole numbers of int32, the second greater/],
  [() => random.dropout([1, 2], 1), /^dropout: the rate must be from 0 to less than 1; received 1/],
  [() => random.categorical([1, 2], 3), /^categorical: expected logits of shape \[batch, classes\]; received \[2\]/],
])('a wrong argument is named: %#', async (call, message) => {
  expect((await failure(call)).message).toMatch(message)
})
