import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callbacks, type Logs, optimizers, schedules, type TrainingEvent } from 'glorot'
import { afterAll, expect, test } from 'vitest'
import { circle, network } from '../data.js'

const folder = mkdtempSync(join(tmpdir(), 'glorot-program-'))
afterAll(() => rmSync(folder, { recursive: true }))
const { x, y } = circle(128)
const loss = 'sparseCategoricalCrossentropy'

test.each([
  [
    'exponentialDecay',
    (s: number) => schedules.exponentialDecay({ initialLearningRate: 0.01, decaySteps: s, decayRate: 0.1 }),
    0.01 * 0.1 ** (7 / 20),
  ],
  [
    'inverseTimeDecay',
    (s: number) => schedules.inverseTimeDecay({ initialLearningRate: 0.01, decaySteps: s, decayRate: 1 }),
    0.01 / (1 + 7 / 20),
  ],
  [
    'piecewiseConstantDecay',
    () => schedules.piecewiseConstantDecay({ boundaries: [5, 15], values: [0.01, 0.005, 0.001] }),
    0.005,
  ],
  [
    'polynomialDecay',
    (s: number) => schedules.polynomialDecay({ initialLearningRate: 0.01, decaySteps: s, endLearningRate: 0 }),
    0.01 * (1 - 7 / 20),
  ],
  [
    'cosineDecay',
    (s: number) => schedules.cosineDecay({ initialLearningRate: 0.01, decaySteps: s }),
    0.005 * (1 + Math.cos((Math.PI * 7) / 20)),
  ],
  [
    'cosineDecayRestarts',
    () => schedules.cosineDecayRestarts({ initialLearningRate: 0.01, firstDecaySteps: 5 }),
    0.005 * (1 + Math.cos((Math.PI * 2) / 10)),
  ],
])('%s trains', async (_, make, eighth) => {
  const net = network()
  const optimizer = optimizers.sgd({ learningRate: make(20) })
  net.compile({ optimizer, loss })
  await net.fit(x, y, { batchSize: 16, verbose: 0 })
  expect(optimizer.iterations).toBe(8)
  expect(optimizer.learningRate).toBeCloseTo(eighth, 7)
})

test('oneCycle, as a schedule and as a callback', async () => {
  const net = network()
  net.compile({
    optimizer: optimizers.sgd({ learningRate: schedules.oneCycle({ maxLearningRate: 0.1, totalSteps: 8 }) }),
    loss,
  })
  const { history } = await net.fit(x, y, { batchSize: 16, verbose: 0 })
  expect(history.loss).toHaveLength(1)
  net.compile({ optimizer: optimizers.sgd({ learningRate: 0.01, momentum: 0.9 }), loss })
  const rates: number[] = []
  const watch = callbacks.lambdaCallback({
    onTrainBatchEnd() {
      rates.push(this.model.optimizer.learningRate)
    },
  })
  await net.fit(x, y, { batchSize: 16, callbacks: [callbacks.oneCycle({ maxLearningRate: 0.1 }), watch], verbose: 0 })
  expect(Math.max(...rates)).toBeGreaterThan(0.05)
  expect(rates.at(-1)).toBeLessThan(rates[0] as number)
})

test('learning-rate callbacks', async () => {
  const net = network()
  const options = {
    epochs: 3,
    callbacks: [callbacks.learningRateScheduler((epoch, lr) => 0.01 * 0.1 ** (epoch / 20) + 0 * lr)],
    verbose: 0,
  } as const
  const { history } = await net.fit(x, y, options)
  expect(history.learningRate?.[2]).toBeCloseTo(0.01 * 0.1 ** 0.1, 8)
  const plateau = callbacks.reduceLROnPlateau({ factor: 0.5, patience: 5 })
  await net.fit(x, y, { epochs: 2, validationSplit: 0.25, callbacks: [plateau], verbose: 0 })
})

class ExponentialLearningRate extends callbacks.Callback {
  readonly rates: number[] = []
  readonly losses: number[] = []
  constructor(readonly factor: number) {
    super()
  }
  override onBatchEnd(_batch: number, logs: Logs) {
    this.rates.push(this.model.optimizer.learningRate)
    this.losses.push(logs.loss as number)
    this.model.optimizer.learningRate *= this.factor
  }
}

test('learning-rate finder, a callback of one’s own, events, curves', async () => {
  const net = network()
  const found = await net.findLearningRate(x, y, { min: 1e-6, max: 10, steps: 300 })
  expect(found.suggestion).toBeGreaterThan(1e-6)
  await found.plot(join(folder, 'lr.svg'))
  const own = new ExponentialLearningRate(1.1)
  await net.fit(x, y, { callbacks: [own], verbose: 0 })
  expect(own.losses).toHaveLength(4)
  expect((own.rates[3] as number) / (own.rates[0] as number)).toBeCloseTo(1.1 ** 3, 5)

  const history = await net.fit(x, y, { epochs: 30, initialEpoch: 28, verbose: 0 })
  expect(history.epoch).toEqual([28, 29])
  const seen: TrainingEvent[] = []
  for await (const event of net.train(x, y, { epochs: 5 })) seen.push(event)
  expect(seen.at(-1)).toMatchObject({ epoch: 4, step: 4, loss: expect.any(Number) })
  await history.plot(join(folder, 'history.svg'))
  expect(readFileSync(join(folder, 'history.svg'), 'utf8')).toContain('<svg')
  expect(existsSync(join(folder, 'lr.svg'))).toBe(true)
})
