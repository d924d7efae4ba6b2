// "Learning Rate Scheduling".
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callbacks, models, ops, optimizers, schedules } from 'glorot'
import { afterAll, expect, test } from 'vitest'
import { circle, network } from '../api/data.js'

const folder = mkdtempSync(join(tmpdir(), 'glorot-schedules-'))
afterAll(() => rmSync(folder, { recursive: true }))
const { x, y } = circle(128)
const loss = 'sparseCategoricalCrossentropy'

/** The learning rate of each epoch. */
async function rates(callback: callbacks.Callback, epochs: number, initialEpoch = 0): Promise<number[]> {
  const net = network()
  net.compile({ optimizer: optimizers.sgd({ learningRate: 0.01 }), loss })
  const options = { epochs, initialEpoch, validationSplit: 0.25, callbacks: [callback], verbose: 0 } as const
  return (await net.fit(x, y, options)).history.learningRate as number[]
}

// In [22]. Keras 3 has no `decay`: the schedule of the same rule, by 1 / s.
test('power scheduling: η(t) = η₀ / (1 + t / s)', async () => {
  const decay = schedules.inverseTimeDecay({ initialLearningRate: 0.01, decaySteps: 1, decayRate: 1e-4 })
  const s = 1e4
  for (const t of [0, 1, 100, 20_000]) expect(decay.at(t)).toBeCloseTo(0.01 / (1 + t / s), 7)
  const net = network()
  net.compile({ optimizer: optimizers.sgd({ learningRate: decay }), loss })
  await net.fit(x, y, { epochs: 2, verbose: 0 })
  expect(net.optimizer.learningRate).toBeCloseTo(0.01 / (1 + 7 / s), 8)
})

test('power scheduling with another power is a function of the step', async () => {
  const net = network()
  const power = optimizers.sgd({
    learningRate: t => ops.div(0.01, ops.pow(ops.add(1, ops.div(ops.cast(t, 'float32'), 10)), 2)),
  })
  net.compile({ optimizer: power, loss })
  await net.fit(x, y, { verbose: 0 })
  expect(net.optimizer.learningRate).toBeCloseTo(0.01 / 1.3 ** 2, 7)
})

// In [23]
const exponentialDecay = (lr0: number, s: number) => (epoch: number) => lr0 * 0.1 ** (epoch / s)

test('exponential scheduling: η(t) = η₀ 0.1^(t / s)', async () => {
  const seen = await rates(callbacks.learningRateScheduler(exponentialDecay(0.01, 20)), 4)
  for (const [epoch, rate] of seen.entries()) expect(rate).toBeCloseTo(0.01 * 0.1 ** (epoch / 20), 8)
})

test('initialEpoch: the epochs go on where a training stopped', async () => {
  const [first] = await rates(callbacks.learningRateScheduler(exponentialDecay(0.01, 20)), 21, 20)
  expect(first).toBeCloseTo(0.001, 8)
})

// In [24]
test('piecewise constant scheduling', async () => {
  const piecewiseConstant = (epoch: number) => (epoch < 5 ? 0.01 : epoch < 15 ? 0.005 : 0.001)
  const seen = await rates(callbacks.learningRateScheduler(piecewiseConstant), 17)
  expect(seen.map(rate => Number(rate.toFixed(6)))).toEqual([
    ...Array(5).fill(0.01),
    ...Array(10).fill(0.005),
    ...Array(2).fill(0.001),
  ])
  const steps = schedules.piecewiseConstantDecay({ boundaries: [5, 15], values: [0.01, 0.005, 0.001] })
  expect([0, 5, 6, 15, 16].map(step => Number(steps.at(step).toFixed(6)))).toEqual([0.01, 0.01, 0.005, 0.005, 0.001])
})

// In [25]
test('performance scheduling: half the rate when nothing has become better for 5 epochs', async () => {
  const net = network()
  net.compile({ optimizer: optimizers.sgd({ learningRate: 0.01 }), loss })
  // No weight moves, so that the validation loss never improves.
  for (const layer of net.layers) if (layer.name.startsWith('dense')) layer.trainable = false
  net.compile({ optimizer: optimizers.sgd({ learningRate: 0.01 }), loss })
  const plateau = callbacks.reduceLROnPlateau({ monitor: 'loss', factor: 0.5, patience: 5, minDelta: 100 })
  const { history } = await net.fit(x, y, { epochs: 12, callbacks: [plateau], verbose: 0 })
  expect(history.learningRate?.map(rate => Number(rate.toFixed(6)))).toEqual([
    ...Array(6).fill(0.01),
    ...Array(5).fill(0.005),
    0.0025,
  ])
})

test('1cycle: up to the highest rate, down again, and far below at the end; the highest by the finder', async () => {
  const net = network()
  net.compile({ optimizer: optimizers.sgd({ learningRate: 0.01, momentum: 0.9 }), loss })
  const found = await net.findLearningRate(x, y, { batchSize: 16, steps: 100 })
  expect(found.suggestion).toBeGreaterThan(0)
  const seen: number[] = []
  const watch = callbacks.lambdaCallback({
    onTrainBatchEnd() {
      seen.push(this.model.optimizer.learningRate)
    },
  })
  const cycle = callbacks.oneCycle({ maxLearningRate: 0.05 })
  await net.fit(x, y, { batchSize: 8, epochs: 5, callbacks: [cycle, watch], verbose: 0 })
  const top = seen.indexOf(Math.max(...seen))
  expect(Math.max(...seen)).toBeCloseTo(0.05, 2)
  expect(top).toBeGreaterThan(0.3 * seen.length)
  expect(top).toBeLessThan(0.6 * seen.length)
  for (let i = 1; i < seen.length; i++) {
    const rises = (seen[i] as number) >= (seen[i - 1] as number)
    expect(rises).toBe(i <= top)
  }
  expect(seen.at(-1)).toBeLessThan((seen[0] as number) / 10)
})

// "tf.keras"
test('a schedule of steps is saved with the model and goes on', async () => {
  const s = Math.floor((20 * 128) / 32)
  const learningRate = schedules.exponentialDecay({ initialLearningRate: 0.01, decaySteps: s, decayRate: 0.1 })
  const net = network()
  net.compile({ optimizer: optimizers.sgd({ learningRate }), loss })
  await net.fit(x, y, { epochs: 2, verbose: 0 })
  expect(net.optimizer.learningRate).toBeCloseTo(0.01 * 0.1 ** (7 / s), 7)
  const file = join(folder, 'scheduled.keras')
  await net.save(file)
  const loaded = await models.load(file)
  await loaded.fit(x, y, { verbose: 0 })
  expect(loaded.optimizer.iterations).toBe(12)
  expect(loaded.optimizer.learningRate).toBeCloseTo(0.01 * 0.1 ** (11 / s), 7)
})
