import { callbacks, type Logs } from 'glorot'
import { expect, test } from 'vitest'
import { circle, failure, network } from '../api/data.js'

const { x, y } = circle(96)

/** Notes every call. */
class Notes extends callbacks.Callback {
  readonly calls: string[] = []
  readonly logs: Record<string, Logs> = {}

  private note(call: string, logs?: Logs) {
    this.calls.push(call)
    if (logs) this.logs[call] = logs
  }
  override onTrainBegin() {
    this.note('train')
  }
  override onTrainEnd(logs: Logs) {
    this.note('train end', logs)
  }
  override onEpochBegin(epoch: number) {
    this.note(`epoch ${epoch}`)
  }
  override onEpochEnd(epoch: number, logs: Logs) {
    this.note(`epoch ${epoch} end`, logs)
  }
  override onTrainBatchBegin(batch: number) {
    this.note(`step ${batch}`)
  }
  override onTrainBatchEnd(batch: number, logs: Logs) {
    this.note(`step ${batch} end`, logs)
  }
  override onTestBegin() {
    this.note('test')
  }
  override onTestEnd(logs: Logs) {
    this.note('test end', logs)
  }
  override onTestBatchBegin(batch: number) {
    this.note(`test step ${batch}`)
  }
  override onTestBatchEnd(batch: number, logs: Logs) {
    this.note(`test step ${batch} end`, logs)
  }
  override onPredictBegin() {
    this.note('predict')
  }
  override onPredictEnd() {
    this.note('predict end')
  }
  override onPredictBatchBegin(batch: number) {
    this.note(`predict step ${batch}`)
  }
  override onPredictBatchEnd(batch: number) {
    this.note(`predict step ${batch} end`)
  }
}

test('a training with validation calls every method, in the order of Keras', async () => {
  const notes = new Notes()
  const net = network()
  const { history } = await net.fit(x, y, {
    batchSize: 48,
    validationData: [x, y],
    validationBatchSize: 64,
    callbacks: [notes],
    verbose: 0,
  })
  expect(notes.calls).toEqual([
    'train',
    'epoch 0',
    'step 0',
    'step 0 end',
    'step 1',
    'step 1 end',
    'test',
    'test step 0',
    'test step 0 end',
    'test step 1',
    'test step 1 end',
    'test end',
    'epoch 0 end',
    'train end',
  ])
  expect(notes.params).toMatchObject({ epochs: 1, initialEpoch: 0, steps: 2, validates: true, verbose: 0 })
  const end = notes.logs['epoch 0 end'] as Logs
  expect(notes.logs['step 1 end']).toEqual({ loss: end.loss, accuracy: end.accuracy })
  expect(notes.logs['test end']).toEqual({ loss: end.valLoss, accuracy: end.valAccuracy })
  expect(notes.logs['test step 1 end']).toEqual(notes.logs['test end'])
  expect(notes.logs['test step 0 end']).not.toEqual(notes.logs['test end'])
  expect(history.valLoss).toEqual([end.valLoss])
})

test('an evaluation and a prediction call theirs', async () => {
  const notes = new Notes()
  const net = network()
  const scores = await net.evaluate(x, y, { batchSize: 64, callbacks: [notes], verbose: 0 })
  expect(notes.calls).toEqual(['test', 'test step 0', 'test step 0 end', 'test step 1', 'test step 1 end', 'test end'])
  expect(notes.logs['test end']).toEqual(scores)
  expect(notes.params).toEqual({ steps: 2, verbose: 0 })
  notes.calls.length = 0
  await net.predict(x, { callbacks: [notes], batchSize: 96 })
  expect(notes.calls).toEqual(['predict', 'predict step 0', 'predict step 0 end', 'predict end'])
})

test('the short names of the methods of steps', async () => {
  class ExponentialLearningRate extends callbacks.Callback {
    readonly factor = 1.5
    readonly rates: number[] = []
    readonly losses: number[] = []
    override onBatchEnd(_batch: number, logs: Logs) {
      this.rates.push(this.model.optimizer.learningRate)
      this.losses.push(logs.loss as number)
      this.model.optimizer.learningRate *= this.factor
    }
  }
  const grow = new ExponentialLearningRate()
  const net = network()
  await net.fit(x, y, { batchSize: 32, epochs: 2, callbacks: [grow], verbose: 0 })
  expect(grow.losses).toHaveLength(6)
  for (const [i, rate] of grow.rates.entries()) expect(rate).toBeCloseTo(0.001 * 1.5 ** i, 7)
})

test('functions as a callback', async () => {
  const calls: string[] = []
  const lambda = callbacks.lambdaCallback({
    onEpochEnd: (epoch, { loss }) => {
      calls.push(`${epoch} ${typeof loss}`)
    },
    onTestEnd() {
      calls.push(`${this.params.epochs}`)
    },
  })
  await network().fit(x, y, { epochs: 2, validationSplit: 0.5, callbacks: [lambda], verbose: 0 })
  expect(calls).toEqual(['2', '0 number', '2', '1 number'])
})

test('the history as a callback', async () => {
  const kept = callbacks.history()
  const history = await network().fit(x, y, { epochs: 3, callbacks: [kept], verbose: 0 })
  expect(kept.epoch).toEqual([0, 1, 2])
  expect(kept.history).toEqual(history.history)
})

test('what is no callback is refused', async () => {
  const fit = (given: unknown) => failure(() => network().fit(x, y, { callbacks: given as never, verbose: 0 }))
  expect(await fit([() => {}])).toMatchObject({
    code: 'GLOROT_CONFIG',
    message: expect.stringMatching(/^fit: option 'callbacks': expected callbacks, .*; received \[Function.* at 0$/),
  })
  expect((await fit({ onEpochEnd() {} })).code).toBe('GLOROT_CONFIG')
})
