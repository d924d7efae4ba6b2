import { callbacks, input, layers, optimizers, sequential, tensor } from 'glorot'
import { expect, test } from 'vitest'
import { bytes, circle, failure, network } from '../api/data.js'

const { x, y } = circle(64)

test('the learning rate of each epoch, in the history too', async () => {
  const scheduler = callbacks.learningRateScheduler((epoch, rate) => (epoch === 0 ? 0.25 : rate / 2))
  const { history } = await network().fit(x, y, { epochs: 3, callbacks: [scheduler], verbose: 0 })
  expect(history.learningRate).toEqual([0.25, 0.125, 0.0625])
})

test('a schedule that returns no number', async () => {
  const scheduler = callbacks.learningRateScheduler(() => undefined as never)
  const error = await failure(() => network().fit(x, y, { callbacks: [scheduler], verbose: 0 }))
  expect(error.message).toBe("learningRateScheduler: 'schedule' must return a number; received undefined")
})

test('a plateau lowers the learning rate in a training', async () => {
  const net = network()
  net.optimizer.learningRate = 0.5
  const plateau = callbacks.reduceLROnPlateau({ monitor: 'loss', factor: 0.5, patience: 1, minDelta: 1e9, minLr: 0.2 })
  const { history } = await net.fit(x, y, { epochs: 5, callbacks: [plateau], verbose: 0 })
  expect(history.learningRate?.[0]).toBe(0.5)
  expect(history.learningRate?.[2]).toBe(0.25)
  expect(history.learningRate?.[4]).toBeCloseTo(0.2, 7)
})

test('one cycle: up, down, further down', async () => {
  const cycle = callbacks.oneCycle({ maxLearningRate: 1, divFactor: 10, finalDivFactor: 100, rise: 0.5, tail: 0.25 })
  await network().fit(x, y, { epochs: 3, batchSize: 22, callbacks: [cycle], verbose: 0 })
  const close = (rates: number[]) => rates.map(rate => Number(rate.toFixed(6)))
  // 9 steps: 4 up from 0.1, 2 down to 0.1, 2 down to 0.001.
  expect(close(cycle.learningRates)).toEqual([0.1, 0.325, 0.55, 0.775, 1, 0.55, 0.1, 0.0505, 0.001])
  const cosine = callbacks.oneCycle({ maxLearningRate: 1, rise: 0.5, anneal: 'cos', totalSteps: 9 })
  await network().fit(x, y, { epochs: 3, batchSize: 22, callbacks: [cosine], verbose: 0 })
  expect(cosine.learningRates[2]).toBeCloseTo(0.55, 6)
  expect(cosine.learningRates[1]).toBeCloseTo(0.1 + (0.9 * (1 - Math.SQRT1_2)) / 2, 6)
})

test('a loss that is not finite ends the training without an error', async () => {
  const net = sequential([input({ shape: [1] }), layers.dense({ units: 1 })])
  net.compile({ optimizer: optimizers.sgd({ learningRate: 1e30 }), loss: 'mse' })
  const data = tensor([[1], [2], [3]])
  const options = { epochs: 10, callbacks: [callbacks.terminateOnNaN()], verbose: 0 } as const
  const { epoch, history } = await net.fit(data, data, options)
  expect(epoch.length).toBeLessThan(4)
  expect(Number.isFinite(history.loss?.at(-1))).toBe(false)
  const error = await failure(() => net.fit(data, data, { ...options, stopOnNonFinite: true }))
  expect(error).toMatchObject({ code: 'GLOROT_NONFINITE_LOSS' })
})

test('the best weights come back although the training ends before patience, and when it goes on', async () => {
  const net = network()
  net.optimizer.learningRate = 0.2
  const weights: { loss: number; bytes: string }[] = []
  const record = callbacks.lambdaCallback({
    onEpochEnd(_, { valLoss }) {
      weights.push({ loss: valLoss as number, bytes: bytes(this.model.getWeights()) })
    },
  })
  const stopping = callbacks.earlyStopping({ patience: 100, restoreBestWeights: true })
  const options = { validationData: [x, y] as const, callbacks: [record, stopping], verbose: 0 as const }
  const best = () => weights.reduce((a, b) => (b.loss < a.loss ? b : a)).bytes
  await net.fit(x, y, { ...options, epochs: 6 })
  expect(stopping.stoppedEpoch).toBeUndefined()
  expect(bytes(net.getWeights())).toBe(best())
  // The best of this training, not of the one before.
  weights.length = 0
  await net.fit(x, y, { ...options, initialEpoch: 6, epochs: 9 })
  expect(bytes(net.getWeights())).toBe(best())
})

test('a value that is not a number is never the best', async () => {
  const stopping = callbacks.earlyStopping({ monitor: 'loss', patience: 2 })
  const { model } = { model: { stopTraining: false } }
  stopping.model = model as never
  stopping.onTrainBegin()
  for (const [epoch, loss] of [Number.NaN, 1, 0.5].entries()) stopping.onEpochEnd(epoch, { loss })
  expect(model.stopTraining).toBe(false)
})
