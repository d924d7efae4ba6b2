// What optimizers and schedules do beyond the values that the golden results cover.
import {
  input,
  layers,
  ops,
  optimizers,
  random,
  type SymbolicTensor,
  schedules,
  sequential,
  tensor,
  variable,
} from 'glorot'
import { expect, test } from 'vitest'
import { failure } from '../api/data.js'

test('each factory makes an optimizer that descends and is read back from its configuration', () => {
  const { adadelta, adafactor, adagrad, adam, adamW, adamax, ftrl, lamb } = optimizers
  const { lion, muon, nadam, rmsprop, scheduleFreeAdamW, sgd } = optimizers
  const factories = [adadelta, adafactor, adagrad, adam, adamW, adamax, ftrl, lamb, lion, muon, nadam, rmsprop]
  for (const factory of [...factories, scheduleFreeAdamW, sgd]) {
    const optimizer = factory({ learningRate: 0.05 })
    const w = variable([
      [1, -2],
      [3, 0.5],
    ])
    const norm = () => Array.from(w.value().data()).reduce((sum, value) => sum + value * value, 0)
    const before = norm()
    for (let i = 0; i < 20; i++) optimizer.apply([ops.mul(w.value(), 2)], [w])
    expect(norm(), optimizer.className).toBeLessThan(before)
    expect(optimizers.deserialize(optimizer.toJSON()).toJSON()).toEqual(optimizer.toJSON())
    expect(optimizers.get(optimizer.className as 'sgd').className).toBe(optimizer.className)
  }
})

/** The learning rates of the first updates, by how far a weight moves. */
function moves(optimizer: optimizers.Optimizer, count: number): number[] {
  const w = variable([0])
  return Array.from({ length: count }, () => {
    const before = w.value().data()[0] as number
    optimizer.apply([[1]], [w])
    return before - (w.value().data()[0] as number)
  })
}

test('a function of the number of updates sets the learning rate', async () => {
  let calls = 0
  const halving = (step: SymbolicTensor) => {
    calls++
    return ops.mul(0.5, ops.pow(0.5, step))
  }
  const optimizer = optimizers.sgd({ learningRate: halving })
  expect(optimizer.learningRate).toBe(0.5)
  expect(moves(optimizer, 3)).toEqual([0.5, 0.25, 0.125])
  expect(optimizer.learningRate).toBe(0.125)
  expect(optimizer.schedule).toBe(halving)
  expect(optimizer.getConfig().learning_rate).toEqual({ class_name: 'function', config: 'halving' })
  expect(await failure(() => (optimizer.learningRate = 1))).toMatchObject({ code: 'GLOROT_CONFIG' })

  // In a training it is called while the step is traced, and never while it runs.
  random.setSeed(1)
  const net = sequential([input({ shape: [1] }), layers.dense({ units: 1 })])
  calls = 0
  net.compile({ optimizer: optimizers.sgd({ learningRate: halving }), loss: 'mse' })
  const x = tensor(Array.from({ length: 8 }, (_, i) => [i / 8]))
  await net.fit(x, x, { epochs: 5, batchSize: 4, verbose: 0 })
  expect(calls).toBeLessThanOrEqual(2)
  expect(net.optimizer.learningRate).toBeCloseTo(0.5 ** 10, 10)
})

test('what a schedule function may not return is an error', async () => {
  const make = (schedule: unknown) => failure(() => optimizers.sgd({ learningRate: schedule as never }))
  expect(await make(() => 0.1)).toMatchObject({ code: 'GLOROT_CONFIG' })
  expect(await make((step: SymbolicTensor) => ops.reshape(step, [1]))).toMatchObject({ code: 'GLOROT_CONFIG' })
  const thrown = new Error('my own')
  const thrower = () => {
    throw thrown
  }
  expect(await make(thrower)).toBe(thrown)
})

test('one cycle of rate and momentum', () => {
  const rate = schedules.oneCycle({ maxLearningRate: 1, totalSteps: 10, pctStart: 0.5, annealStrategy: 'linear' })
  expect(rate.at(0)).toBeCloseTo(0.04, 6)
  expect(rate.at(4)).toBeCloseTo(1, 6)
  expect(rate.at(9)).toBeCloseTo(0.04 / 1e4, 9)
  const momentum = schedules.oneCycleMomentum({ totalSteps: 10, pctStart: 0.5, annealStrategy: 'linear' })
  expect([0, 2, 4, 9].map(step => momentum.at(step))).toEqual([0.95, 0.9, 0.85, 0.95].map(x => expect.closeTo(x, 6)))

  const optimizer = optimizers.sgd({ learningRate: rate, momentum })
  expect(optimizer.getConfig().momentum).toEqual(momentum.toJSON())
  expect(optimizer.schedule).toBeInstanceOf(schedules.Schedule)
  let velocity = 0
  const want = Array.from({ length: 6 }, (_, i) => (velocity = velocity * momentum.at(i) + rate.at(i)))
  expect(moves(optimizer, 6)).toEqual(want.map(move => expect.closeTo(move, 5)))
  expect(optimizers.adam({ beta1: momentum }).getConfig().beta_1).toEqual(momentum.toJSON())
})

test('the rules of Keras up to 2.10 are named by a key of their configuration', async () => {
  const optimizer = optimizers.deserialize({
    class_name: 'SGD',
    config: { is_legacy_optimizer: true, learning_rate: 0.5, decay: 1, momentum: 0 },
  })
  expect(moves(optimizer, 3)).toEqual([0.5, 0.25, 0.5 / 3].map(move => expect.closeTo(move, 6)))
  expect(await failure(() => optimizers.deserialize({ class_name: 'SGD', config: { decay: 1 } }))).toMatchObject({
    code: 'GLOROT_CONFIG',
    message: expect.stringContaining('is_legacy_optimizer'),
  })
})

test('a scaled loss trains alike, and updates with gradients that are not finite are left out', async () => {
  const train = async (optimizer: optimizers.Optimizer) => {
    random.setSeed(3)
    const net = sequential([
      input({ shape: [2] }),
      layers.dense({ units: 3, activation: 'tanh' }),
      layers.dense({ units: 1 }),
    ])
    net.compile({ optimizer, loss: 'mse' })
    const x = tensor(
      [1, 2, 3, 4, 5, 6, 7, 8].map(value => value / 8),
      [4, 2],
    )
    const { history } = await net.fit(x, tensor([1, 0, 1, 0], [4, 1]), { epochs: 5, batchSize: 2, verbose: 0 })
    return history.loss ?? []
  }
  const plain = await train(optimizers.adam({ learningRate: 0.1 }))
  const scaled = await train(optimizers.lossScale(optimizers.adam({ learningRate: 0.1 }), { initialScale: 64 }))
  scaled.forEach((loss, i) => {
    expect(loss).toBeCloseTo(plain[i] as number, 5)
  })

  const optimizer = optimizers.lossScale('sgd')
  const w = variable([1])
  optimizer.apply([[Number.POSITIVE_INFINITY]], [w])
  expect([...w.value().data()]).toEqual([1])
  expect(optimizer.iterations).toBe(0)
  optimizer.apply([[2 ** 14]], [w])
  expect(w.value().data()[0]).toBeCloseTo(0.99, 6)
  expect(optimizer.iterations).toBe(1)
  expect(optimizers.deserialize(optimizer.toJSON()).className).toBe('LossScaleOptimizer')
  expect(() => optimizers.lossScale('sgd', { initialScale: 0 })).toThrow('initial_scale must be positive; received 0')
})
