import { type Batch, callbacks, type Logs } from 'glorot'
import { expect, test } from 'vitest'
import { bytes, circle, failure, network } from '../api/data.js'

const { x, y } = circle(96)
const batch = (i: number): Batch => [x.slice([i * 32, 0], [32, 2]), y.slice([i * 32], [32])]

/** Three batches: all samples. */
async function* once() {
  for (let i = 0; i < 3; i++) yield batch(i)
}

test('batches of an asynchronous iterable train as the samples in order do', async () => {
  const again = { [Symbol.asyncIterator]: once }
  const [a, b] = [network(), network()]
  const options = { epochs: 3, validationData: [x, y] as const, verbose: 0 as const }
  const streamed = await a.fit(again, options)
  const whole = await b.fit(x, y, { ...options, batchSize: 32, shuffle: false })
  expect(streamed.epoch).toEqual([0, 1, 2])
  expect(Object.keys(streamed.history)).toEqual(['loss', 'accuracy', 'valLoss', 'valAccuracy'])
  for (const [name, values] of Object.entries(whole.history)) {
    for (const [epoch, value] of values.entries()) expect(streamed.history[name]?.[epoch]).toBeCloseTo(value, 5)
  }
  expect(bytes(a.getWeights())).toBe(bytes(b.getWeights()))
})

test('an endless generator is read only a few batches ahead, and closed', async () => {
  let made = 0
  let closed = false
  function* endless() {
    try {
      for (;;) yield batch(made++ % 3)
    } finally {
      closed = true
    }
  }
  const ahead: number[] = []
  let step = 0
  class Watch extends callbacks.Callback {
    override onTrainBatchEnd(_batch: number, _logs: Logs) {
      ahead.push(made - ++step)
    }
  }
  const history = await network().fit(endless(), {
    epochs: 2,
    stepsPerEpoch: 5,
    prefetch: 3,
    callbacks: [new Watch()],
    verbose: 0,
  })
  expect(history.epoch).toEqual([0, 1])
  expect(ahead).toHaveLength(10)
  expect(Math.max(...ahead)).toBeLessThanOrEqual(3)
  expect(closed).toBe(true)
})

test('a training ends when a generator does, and when a callback says so', async () => {
  const short = await network().fit(once(), { epochs: 5, verbose: 0 })
  expect(short.epoch).toEqual([0])
  const stop = callbacks.lambdaCallback({
    onTrainBatchEnd(step) {
      if (step === 1) this.model.stopTraining = true
    },
  })
  const net = network()
  await net.fit(once(), { epochs: 5, callbacks: [stop], verbose: 0 })
  expect(net.optimizer.iterations).toBe(2)
})

test('what goes wrong', async () => {
  const thrown = new Error('of mine')
  async function* broken() {
    yield batch(0)
    throw thrown
  }
  expect(await failure(() => network().fit(broken(), { verbose: 0 }))).toBe(thrown)
  expect((await failure(() => network().fit(once(), { batchSize: 3, verbose: 0 } as never))).message).toMatch(
    /^fit: unknown option 'batchSize'/,
  )
  const wrong = (function* () {
    yield x as never
  })()
  expect((await failure(() => network().fit(wrong, { verbose: 0 }))).message).toMatch(/expected batches \[x, y\]/)
  const signal = AbortSignal.abort()
  expect((await failure(() => network().fit(once(), { signal, verbose: 0 }))).name).toBe('AbortError')
})
