import {
  AbortError,
  callbacks,
  input,
  type Logs,
  layers,
  model,
  ops,
  optimizers,
  sequential,
  type Tensor,
  tensor,
} from 'glorot'
import { expect, test } from 'vitest'
import { bytes, circle, failure, network } from './data.js'

test('a network learns', async () => {
  const { x, y } = circle(512)
  const net = network()
  net.optimizer.learningRate = 0.01
  const history = await net.fit(x, y, { epochs: 30, validationSplit: 0.25, verbose: 0 })
  expect(history.epoch).toEqual(Array.from({ length: 30 }, (_, i) => i))
  expect(Object.keys(history.history)).toEqual(['loss', 'accuracy', 'valLoss', 'valAccuracy'])
  expect(history.history.accuracy?.at(-1)).toBeGreaterThan(0.9)
  const scores = await net.evaluate(x, y, { verbose: 0 })
  expect(scores.accuracy).toBeGreaterThan(0.9)
  const predicted = ops.argMax(await net.predict(x))
  const right = Array.from(predicted.data()).filter((label, i) => label === y.data()[i]).length
  expect(right / 512).toBeCloseTo(scores.accuracy as number, 6)
})

test('the event loop stays free while a network trains', async () => {
  const { x, y } = circle(4096)
  const net = network({ units: 256 })
  let ticks = 0
  let late = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    late = Math.max(late, now - last)
    last = now
    ticks++
  }, 5)
  const begin = performance.now()
  await net.fit(x, y, { epochs: 100, verbose: 0 })
  clearInterval(timer)
  const time = performance.now() - begin
  expect(time).toBeGreaterThan(100)
  // On a busy machine a timer may be late, but never for the length of a training.
  expect(ticks).toBeGreaterThan(time / 5 / 4)
  expect(late).toBeLessThan(time / 2)
})

test('an abort ends a training within a step and keeps what was reached', async () => {
  const { x, y } = circle(2048)
  const net = network({ units: 64 })
  const controller = new AbortController()
  let aborted = 0
  class AbortLater extends callbacks.Callback {
    override onEpochEnd(epoch: number) {
      if (epoch !== 1) return
      setTimeout(() => {
        aborted = performance.now()
        controller.abort()
      }, 5)
    }
  }
  const options = { epochs: 100_000, callbacks: [new AbortLater()], signal: controller.signal, verbose: 0 as const }
  const error = await failure(() => net.fit(x, y, options))
  expect(performance.now() - aborted).toBeLessThan(500)
  expect(error).toBeInstanceOf(AbortError)
  expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' })
  expect((error as AbortError).history?.epoch.length).toBeGreaterThanOrEqual(2)
  expect(net.history).toBe((error as AbortError).history)
  await net.fit(x, y, { epochs: 1, verbose: 0 })
})

test('a signal that is aborted already', async () => {
  const { x, y } = circle(32)
  const net = network()
  const before = bytes(net.getWeights())
  const signal = AbortSignal.abort(new Error('enough'))
  const error = await failure(() => net.fit(x, y, { signal, verbose: 0 }))
  expect(error).toMatchObject({ name: 'AbortError', cause: signal.reason })
  expect(bytes(net.getWeights())).toBe(before)
  expect((await failure(() => net.evaluate(x, y, { signal, verbose: 0 }))).name).toBe('AbortError')
  expect((await failure(() => net.predict(x, { signal }))).name).toBe('AbortError')
})

test('callbacks are called in order, and the training waits for them', async () => {
  const { x, y } = circle(100)
  const net = network()
  const calls: string[] = []
  class Log extends callbacks.Callback {
    override async onTrainBegin() {
      await new Promise(resolve => setTimeout(resolve, 10))
      calls.push('train begin')
    }
    override onEpochBegin(epoch: number) {
      calls.push(`epoch ${epoch} begin`)
    }
    override async onEpochEnd(epoch: number, logs: Logs) {
      await new Promise(resolve => setTimeout(resolve, 10))
      calls.push(`epoch ${epoch} end: ${Object.keys(logs)}`)
    }
    override onTrainEnd(logs: Logs) {
      calls.push(`train end: ${Object.keys(logs)}`)
    }
  }
  await net.fit(x, y, { epochs: 2, callbacks: [new Log()], verbose: 0 })
  expect(calls).toEqual([
    'train begin',
    'epoch 0 begin',
    'epoch 0 end: loss,accuracy',
    'epoch 1 begin',
    'epoch 1 end: loss,accuracy',
    'train end: loss,accuracy',
  ])
})

test('callbacks see the weights of the step and may change the learning rate', async () => {
  const { x, y } = circle(128)
  const net = network()
  const seen = new Set<string>()
  class Watch extends callbacks.Callback {
    override onBatchEnd(batch: number) {
      expect(this.model.optimizer.iterations).toBe(batch + 1)
      seen.add(bytes(this.model.getWeights()))
      this.model.optimizer.learningRate *= 0.5
      if (batch === 2) this.model.stopTraining = true
    }
  }
  const { epoch } = await net.fit(x, y, { epochs: 5, callbacks: [new Watch()], verbose: 0 })
  expect(epoch).toEqual([0])
  expect(seen.size).toBe(3)
  expect(net.optimizer.learningRate).toBeCloseTo(0.001 / 8, 9)
  expect(bytes(net.getWeights())).toBe([...seen].at(-1))
})

test('early stopping restores the best weights', async () => {
  const { x, y } = circle(128)
  const net = network()
  const best: { value: number; weights: string } = { value: Number.POSITIVE_INFINITY, weights: '' }
  class Best extends callbacks.Callback {
    override onEpochEnd(_: number, { valLoss }: Logs) {
      if ((valLoss as number) < best.value)
        Object.assign(best, { value: valLoss, weights: bytes(this.model.getWeights()) })
    }
  }
  net.optimizer.learningRate = 0.5
  const stopping = callbacks.earlyStopping({ patience: 3, restoreBestWeights: true })
  const history = await net.fit(x, y, {
    epochs: 200,
    validationSplit: 0.3,
    callbacks: [new Best(), stopping],
    verbose: 0,
  })
  expect(history.epoch.length).toBeLessThan(200)
  expect(bytes(net.getWeights())).toBe(best.weights)
})

test('what a callback throws ends the training', async () => {
  const { x, y } = circle(64)
  const thrown = new RangeError('of mine')
  class Broken extends callbacks.Callback {
    override onEpochEnd() {
      throw thrown
    }
  }
  expect(await failure(() => network().fit(x, y, { epochs: 9, callbacks: [new Broken()], verbose: 0 }))).toBe(thrown)
})

test('a model trains once at a time, and can be asked meanwhile', async () => {
  const { x, y } = circle(1024)
  const net = network()
  const controller = new AbortController()
  const running = failure(() => net.fit(x, y, { epochs: 1_000_000, verbose: 0, signal: controller.signal }))
  const error = await failure(() => net.fit(x, y, { verbose: 0 }))
  expect(error).toMatchObject({ code: 'GLOROT_BUSY' })
  expect((await net.predict(x)).shape).toEqual([1024, 2])
  expect((await failure(() => net.trainOnBatch(x, y))).code).toBe('GLOROT_BUSY')
  controller.abort()
  expect((await running).name).toBe('AbortError')
  await net.fit(x, y, { verbose: 0 })
})

test('predictSync gives what predict gives, also while the model trains', async () => {
  const { x, y } = circle(100)
  const net = network()
  const expected = bytes([await net.predict(x)])
  expect(bytes([net.predictSync(x)])).toEqual(expected)
  expect(bytes([net.predictSync(x, { batchSize: 7 })])).toEqual(bytes([await net.predict(x, { batchSize: 7 })]))
  expect(net.predictSync(x.slice(0, 1)).shape).toEqual([1, 2])
  const shared = input({ shape: [2] })
  const [one, two] = [layers.dense({ units: 1 }).apply(shared), layers.dense({ units: 3 }).apply(shared)]
  const outputs = model({ inputs: shared, outputs: [one, two] }).predictSync(x) as never as Tensor[]
  expect(outputs.map(({ shape }) => shape)).toEqual([
    [100, 1],
    [100, 3],
  ])

  const controller = new AbortController()
  const running = failure(() => net.fit(x, y, { epochs: 1_000_000, verbose: 0, signal: controller.signal }))
  await new Promise(resolve => setTimeout(resolve, 20))
  expect(net.predictSync(x).shape).toEqual([100, 2])
  controller.abort()
  await running
})

test('predictSync says what is wrong with its input, and that it will not wait', async () => {
  const net = network()
  const wrong = () => net.predictSync(tensor([[1, 2, 3]]))
  expect(wrong).toThrow(/shape/)
  expect(() => net.predictSync(tensor([[1, 2]]), { batchSize: 0 })).toThrow(/batchSize/)
  // @ts-expect-error no such option
  expect(() => net.predictSync(tensor([[1, 2]]), { verbose: 0 })).toThrow("predictSync: unknown option 'verbose'")
  const { x, y } = circle(20_000)
  const controller = new AbortController()
  const { signal } = controller
  const running = failure(() => net.fit(x, y, { epochs: 1_000_000, verbose: 0, signal }))
  let error: Error | undefined
  // The other prediction begins on its own thread, and may be over before it is met.
  while (!error) {
    let isOver = false
    const asking = net.predict(x, { batchSize: 1 }).finally(() => {
      isOver = true
    })
    while (!error && !isOver) {
      try {
        net.predictSync(x.slice(0, 1))
      } catch (thrown) {
        error = thrown as Error
      }
      await new Promise(resolve => setImmediate(resolve))
    }
    await asking
  }
  expect(error).toMatchObject({ code: 'GLOROT_BUSY' })
  controller.abort()
  await running
})

test('remainders, sample weights and class weights', async () => {
  const { x, y } = circle(70)
  const net = network()
  await net.fit(x, y, { batchSize: 32, sampleWeight: tensor(new Float32Array(70).fill(0.5)), verbose: 0 })
  await net.fit(x, y, { batchSize: 32, classWeight: { 0: 1, 1: 2 }, verbose: 0 })
  expect((await net.predict(x, { batchSize: 64 })).shape).toEqual([70, 2])
  const plain = await net.evaluate(x, y, { verbose: 0 })
  const half = await net.evaluate(x, y, { sampleWeight: tensor(new Float32Array(70).fill(0.5)), verbose: 0 })
  expect(half.loss).toBeCloseTo((plain.loss as number) / 2, 5)
})

test('no step at all before the first, however late onTrainBegin ends', async () => {
  const { x, y } = circle(32)
  const net = network()
  const before = bytes(net.getWeights())
  let seen = ''
  class Late extends callbacks.Callback {
    override async onTrainBegin() {
      await new Promise(resolve => setTimeout(resolve, 50))
      seen = bytes(this.model.getWeights())
    }
  }
  await net.fit(x, y, { callbacks: [new Late()], verbose: 0 })
  expect(seen).toBe(before)
})

const small = () => circle(40)
test.each([
  [
    'a wrong input shape',
    async () => network().fit(tensor(new Float32Array(30), [10, 3]), small().y, { verbose: 0 }),
    'GLOROT_DATA',
    /expected shape \[.*2\], received/,
  ],
  [
    'a label out of range',
    async () => network().fit(small().x, tensor(new Uint8Array(40).fill(2)), { verbose: 0 }),
    'GLOROT_DATA',
    /label 2 of sample 0 is out of range: the output has 2 classes/,
  ],
  [
    'empty data',
    async () => network().fit(tensor(new Float32Array(0), [0, 2]), tensor(new Uint8Array(0)), { verbose: 0 }),
    'GLOROT_DATA',
    /x is empty/,
  ],
  [
    'x and y of different lengths',
    async () => network().fit(small().x, circle(39).y, { verbose: 0 }),
    'GLOROT_DATA',
    /39 samples, but x has 40/,
  ],
  [
    'a misspelled option',
    async () => network().fit(small().x, small().y, { epoch: 3, verbose: 0 } as never),
    'GLOROT_CONFIG',
    /fit: unknown option 'epoch'; known options: .*epochs/,
  ],
  [
    'a wrong option',
    async () => network().fit(small().x, small().y, { batchSize: 0, verbose: 0 }),
    'GLOROT_CONFIG',
    /option 'batchSize' must be a whole number of at least 1; received 0/,
  ],
  [
    'a model that is not compiled',
    async () =>
      sequential([input({ shape: [2] }), layers.dense({ units: 2 })]).fit(small().x, small().y, { verbose: 0 }),
    'GLOROT_CONFIG',
    /must be compiled before fit\(\)/,
  ],
])('%s is an error that says what to do', async (_, run, code, message) => {
  const error = await failure(run)
  expect(error.message).toMatch(message)
  expect(error.code).toBe(code)
})

test('a loss that is not finite ends the training', async () => {
  const net = sequential([input({ shape: [1] }), layers.dense({ units: 1 })])
  net.compile({ optimizer: optimizers.sgd({ learningRate: 1e30 }), loss: 'mse' })
  const x = tensor([[1], [2], [3]])
  const error = await failure(() => net.fit(x, x, { epochs: 10, verbose: 0 }))
  expect(error.code).toBe('GLOROT_NONFINITE_LOSS')
  expect(error.message).toContain('lower the learning rate')
})

test('training on single batches', async () => {
  const { x, y } = circle(32)
  const net = network()
  const first = await net.trainOnBatch(x, y)
  let last = first
  for (let step = 0; step < 50; step++) last = await net.trainOnBatch(x, y)
  expect(last.loss).toBeLessThan(first.loss as number)
  expect(net.optimizer.iterations).toBe(51)
  expect(Object.keys(await net.testOnBatch(x, y))).toEqual(['loss', 'accuracy'])
})
