import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { bytes, circle, network } from './data.js'

const script = fileURLToPath(new URL('worker.script.mjs', import.meta.url))
const start = (workerData: { epochs: number }) => new Worker(script, { workerData })

/** What the worker says first. */
const answer = (worker: Worker) =>
  new Promise<unknown>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })

test('worker threads train too, several at a time', async () => {
  const net = network()
  const { x, y } = circle(200)
  const here = net.fit(x, y, { epochs: 2, verbose: 0 }).then(() => bytes(net.getWeights()))
  const there = [start({ epochs: 2 }), start({ epochs: 2 })]
  const results = await Promise.all([here, ...there.map(answer)])
  expect(new Set(results).size).toBe(1)
  await Promise.all(there.map(worker => worker.terminate()))
})

test('a worker may end while it trains', async () => {
  const worker = start({ epochs: 1_000_000 })
  expect(await answer(worker)).toBe('begun')
  await worker.terminate()
  // The process lives on, and so does the library in it.
  const { x, y } = circle(100)
  await network().fit(x, y, { verbose: 0 })
})
