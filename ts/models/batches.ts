import type { Samples } from '../../native/binding.cjs'
import { configError, shown } from '../errors.js'
import { Tensor } from '../tensor.js'
import { type Data, samples } from './data.js'

/** `[x, y]` or `[x, y, sampleWeight]` of one step. */
export type Batch = readonly [x: Data, y?: Data, sampleWeight?: Data]

/** Batches one after the other: what a (possibly asynchronous) generator gives, or any object that can be iterated. */
export type Batches = AsyncIterable<Batch> | Iterable<Batch>

/** @internal Whether data are given batch by batch. */
export function isBatches(x: unknown): x is Batches {
  if (typeof x !== 'object' || x === null || Array.isArray(x) || ArrayBuffer.isView(x) || x instanceof Tensor)
    return false
  const { [Symbol.asyncIterator]: asynchronous, [Symbol.iterator]: iterator } = x as Partial<Record<symbol, unknown>>
  return typeof asynchronous === 'function' || typeof iterator === 'function'
}

/**
 * The data of a batch.
 *
 * @internal
 * @throws `GLOROT_CONFIG`, if it is no batch.
 */
export function readBatch(method: string, batch: unknown, names: Parameters<typeof samples>[3]): Samples {
  if (!Array.isArray(batch) || batch.length < 1 || batch.length > 3) {
    throw configError(`${method}: expected batches [x, y] or [x, y, sampleWeight], received ${shown(batch)}`)
  }
  const [x, y, sampleWeight] = batch as unknown as Batch
  return samples(x, y, sampleWeight, names)
}

type Step = IteratorResult<Batch, unknown>

/**
 * Reads batches ahead, a few at most: while a step runs, the next ones are made.
 *
 * @internal
 */
export class Prefetch {
  private readonly batches: Batches
  private readonly size: number
  private iterator: AsyncIterator<Batch> | Iterator<Batch>
  private last: Promise<Step> = Promise.resolve({ done: false, value: [[]] })
  private queue: Promise<Step>[] = []

  constructor(batches: Batches, size: number) {
    this.batches = batches
    this.size = size
    this.iterator = iterate(batches)
  }

  /** The next batch; `undefined` at the end. */
  async next(): Promise<Batch | undefined> {
    this.fill()
    const { done, value } = (await this.queue.shift()) as Step
    if (done) return undefined
    this.fill()
    return value
  }

  /** Begins anew; false if the batches can be read only once, as those of a generator. */
  restart(): boolean {
    const iterator = iterate(this.batches)
    if (iterator === this.iterator) return false
    // Who makes them need not be waited for.
    Promise.resolve(this.iterator.return?.()).catch(() => {})
    this.iterator = iterator
    this.last = Promise.resolve({ done: false, value: [[]] })
    this.queue = []
    return true
  }

  /** Tells who makes the batches that no more are wanted. */
  async close(): Promise<void> {
    await this.iterator.return?.()
  }

  private fill(): void {
    while (this.queue.length < this.size) {
      const { iterator } = this
      this.last = this.last.then(last => (last.done ? last : iterator.next()))
      // An error is thrown to who takes this batch.
      this.last.catch(() => {})
      this.queue.push(this.last)
    }
  }
}

function iterate(batches: Batches): AsyncIterator<Batch> | Iterator<Batch> {
  const iterator = Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]()
  if (typeof iterator?.next === 'function') return iterator
  throw configError(`batches: [Symbol.iterator]() must return an iterator; received ${shown(iterator)}`)
}
