import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ops, tensor } from 'glorot'
import { expect, test } from 'vitest'
import { circle, network } from './data.js'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** Resident memory in MiB after a collection. */
async function resident(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    gc()
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  return process.memoryUsage().rss / 2 ** 20
}

/** How much resident memory grows over many rounds, after some to warm up. */
async function growth(warmUp: number, rounds: number, act: () => unknown): Promise<number> {
  for (let round = 0; round < warmUp; round++) await act()
  const before = await resident()
  for (let round = 0; round < rounds; round++) await act()
  return (await resident()) - before
}

test('models, data and predictions are collected: there is nothing to dispose', async () => {
  // In the first rounds the heaps find their size. What was kept would be 400 MiB in the others.
  const grown = await growth(60, 40, async () => {
    // 4 MiB of data, 1 MiB of weights and as much optimizer state, 4 MiB of predictions a round.
    const { x, y } = circle(2 ** 19)
    const net = network({ units: 4096 })
    await net.trainOnBatch(x.slice(0, 64), y.slice(0, 64))
    await net.evaluate(x.slice(0, 512), y.slice(0, 512), { verbose: 0 })
    await net.predict(x.slice(0, 4096), { batchSize: 1024 })
  })
  expect(grown).toBeLessThan(120)
})

test('a model that is trained again and again keeps its size', async () => {
  const { x, y } = circle(2048)
  const net = network({ units: 64 })
  const grown = await growth(20, 200, async () => {
    await net.fit(x, y, { epochs: 1, batchSize: 256, verbose: 0 })
    await net.predict(x, { batchSize: 512 })
  })
  expect(grown).toBeLessThan(30)
})

test('eager ops do not pile up, even without a turn of the event loop', async () => {
  const x = tensor(new Float32Array(2 ** 20), [1024, 1024])
  const grown = await growth(2, 10, () => {
    for (let i = 0; i < 20; i++) ops.add(x, 1)
  })
  // 800 MiB of results were made.
  expect(grown).toBeLessThan(300)
})
