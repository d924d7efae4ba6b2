import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { input, layers, optimizers, schedules, sequential, tensor } from 'glorot'
import { afterAll, expect, test } from 'vitest'
import { bytes, circle, failure, network } from '../api/data.js'

const folder = mkdtempSync(join(tmpdir(), 'glorot-find-'))
afterAll(() => rmSync(folder, { recursive: true }))
const { x, y } = circle(256)

test('the loss over a growing learning rate; everything is put back', async () => {
  const net = network()
  const other = network()
  const before = bytes(net.getWeights())
  const options = { min: 1e-5, max: 10, steps: 60, batchSize: 32 }
  const found = await net.findLearningRate(x, y, options)
  expect(bytes(net.getWeights())).toBe(before)
  expect(net.optimizer.iterations).toBe(0)
  expect(net.optimizer.learningRate).toBe(other.optimizer.learningRate)
  expect(net.history).toBeUndefined()
  expect(found.learningRates.length).toBeGreaterThan(10)
  expect(found.losses).toHaveLength(found.learningRates.length)
  for (const [step, rate] of found.learningRates.entries()) {
    expect(rate / (1e-5 * 1e6 ** (step / 59))).toBeCloseTo(1, 6)
  }
  expect(found.suggestion).toBeGreaterThan(1e-5)
  expect(found.suggestion).toBeLessThan(1)
  // A training afterwards is the one that it would have been: weights, slots, random numbers.
  const after = await net.fit(x, y, { epochs: 2, verbose: 0 })
  expect(after.history).toEqual((await other.fit(x, y, { epochs: 2, verbose: 0 })).history)
  const file = await found.plot(join(folder, 'lr.svg'))
  const svg = readFileSync(file, 'utf8')
  expect(svg).toContain('Learning rate')
  expect(svg).toContain('smoothed')
})

test('it stops when the loss explodes', async () => {
  const net = sequential([input({ shape: [1] }), layers.dense({ units: 1 })])
  net.compile({ optimizer: 'sgd', loss: 'mse' })
  const data = tensor(Array.from({ length: 64 }, (_, i) => [i]))
  const found = await net.findLearningRate(data, data, { min: 1e-8, max: 100, steps: 200 })
  expect(found.learningRates.length).toBeLessThan(200)
  // Gradient descent of this loss diverges above 2 / mean(x²) / 2.
  expect(found.suggestion).toBeLessThan(1 / 1333)
  expect(found.suggestion).toBeGreaterThan(1e-7)
})

test('a model that is not built yet', async () => {
  const net = sequential([layers.dense({ units: 2, activation: 'softmax' })])
  net.compile({ optimizer: 'adagrad' as never, loss: 'sparseCategoricalCrossentropy' })
  const found = await net.findLearningRate(x, y, { steps: 5 })
  expect(found.losses.length).toBe(5)
  const slots = net.optimizer.variables.map(variable => variable.value()).filter(value => value.size > 1)
  expect(slots.every(slot => slot.data().every(value => value === Math.fround(0.1)))).toBe(true)
})

test('wrong options', async () => {
  const find = (options: object) => failure(() => network().findLearningRate(x, y, options))
  expect((await find({ steps: 1 })).message).toMatch(/^findLearningRate: option 'steps' must be a whole number/)
  expect((await find({ min: 1, max: 0.1 })).message).toMatch(/option 'min' must be less than max \(0.1\); received 1/)
  expect((await find({ from: 1 })).message).toMatch(/unknown option 'from'/)
  const net = network()
  const learningRate = schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5 })
  net.compile({ optimizer: optimizers.sgd({ learningRate }), loss: 'sparseCategoricalCrossentropy' })
  expect((await failure(() => net.findLearningRate(x, y))).message).toMatch(/a schedule sets the learning rate/)
})
