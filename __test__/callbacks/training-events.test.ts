import { callbacks, type TrainingEvent } from 'glorot'
import { expect, test } from 'vitest'
import { circle, failure, network } from '../api/data.js'

test('a training as a series of events', async () => {
  const { x, y } = circle(256)
  const net = network()
  const ends: TrainingEvent[] = []
  let last = -1
  for await (const event of net.train(x, y, { epochs: 4, validationSplit: 0.25, batchSize: 32 })) {
    const at = event.epoch * event.steps + event.step
    expect(at).toBeGreaterThan(last)
    last = at
    expect(event.loss).toBeGreaterThan(0)
    if (event.step === event.steps) ends.push(event)
  }
  expect(ends.map(({ epoch, steps }) => [epoch, steps])).toEqual([0, 1, 2, 3].map(epoch => [epoch, 6]))
  expect(ends.map(({ valLoss }) => valLoss)).toEqual(net.history?.history.valLoss)
  expect(ends.map(({ accuracy }) => accuracy)).toEqual(net.history?.history.accuracy)
})

test('leaving the loop ends the training', async () => {
  const { x, y } = circle(512)
  const net = network({ units: 64 })
  let seen = 0
  for await (const { epoch } of net.train(x, y, { epochs: 1_000_000 })) {
    seen = epoch
    if (epoch >= 2) break
  }
  expect(net.history?.epoch.length).toBeLessThan(1000)
  expect(seen).toBeGreaterThanOrEqual(2)
  // It has ended: another one may begin.
  await net.fit(x, y, { verbose: 0 })
})

test('a training does not wait for a slow listener, who misses no end of an epoch', async () => {
  const { x, y } = circle(64)
  const net = network()
  const epochs: number[] = []
  let ended = 0
  const watch = callbacks.lambdaCallback({
    onTrainEnd: () => {
      ended = epochs.length
    },
  })
  for await (const event of net.train(x, y, { epochs: 20, callbacks: [watch] })) {
    await new Promise(resolve => setTimeout(resolve, 20))
    if (event.step === event.steps) epochs.push(event.epoch)
  }
  expect(epochs).toEqual(Array.from({ length: 20 }, (_, i) => i))
  expect(ended).toBeLessThan(20)
})

test('what goes wrong is thrown by the loop', async () => {
  const { x, y } = circle(64)
  const all = async (options: object) => {
    for await (const _ of network().train(x, y, options));
  }
  expect((await failure(() => all({ epoch: 1 }))).message).toMatch(/unknown option 'epoch'/)
  const signal = AbortSignal.abort(new Error('enough'))
  expect(await failure(() => all({ signal }))).toMatchObject({ name: 'AbortError', cause: signal.reason })
})
