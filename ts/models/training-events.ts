import { readOptions } from '../callbacks/options.js'
import * as given from './call-options.js'
import type { Data } from './data.js'
import { type FitOptions, fit } from './fit.js'
import type { History, Logs } from './history.js'
import type { Model } from './model.js'

/** Where a training is, and what it has reached since the epoch began. */
export type TrainingEvent = Logs & {
  /** From 0. */
  readonly epoch: number
  /** Steps of the epoch that are done; at its end all of them, and the values of the validation are there too. */
  readonly step: number
  /** Steps of an epoch. */
  readonly steps: number
  readonly loss: number
}

/**
 * Trains a model and tells of it. The training never waits for who listens: of what happens meanwhile, the ends of
 * epochs are kept, and of the rest the latest.
 *
 * @internal See `Model.train`.
 */
export async function* trainingEvents(
  model: Model,
  x: Data,
  y: Data | undefined,
  options: FitOptions,
): AsyncGenerator<TrainingEvent, History, undefined> {
  const queue: { event: TrainingEvent; last: boolean }[] = []
  let wake = () => {}
  let ended = false
  const tell = (event: TrainingEvent, last: boolean) => {
    if (queue.at(-1)?.last === false) queue.pop()
    queue.push({ event, last })
    wake()
  }
  const controller = new AbortController()
  const { signal } = readOptions('fit', { signal: options?.signal }, { signal: given.signal })
  const abort = () => controller.abort(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  const run = fit(model, x, y, { verbose: 0, ...options, signal: controller.signal }, tell).finally(() => {
    ended = true
    wake()
  })
  // Who listens gets the error below, or does not want it any more.
  run.catch(() => {})
  try {
    for (;;) {
      const next = queue.shift()
      if (next) yield next.event
      else if (ended) return await run
      else await new Promise<void>(resolve => (wake = resolve))
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    controller.abort()
    await run.catch(() => {})
  }
}
