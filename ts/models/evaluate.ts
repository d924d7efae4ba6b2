import type { OnEvent, Samples } from '../../native/binding.cjs'
import { type Callback, hearsTestSteps } from '../callbacks/callback.js'
import { CallbackList } from '../callbacks/callback-list.js'
import { integer, optional, readOptions } from '../callbacks/options.js'
import { dataError } from '../errors.js'
import { createReporter, type Verbose } from '../progress/index.js'
import { type Batch, type Batches, isBatches, Prefetch, readBatch } from './batches.js'
import * as given from './call-options.js'
import { type Data, firstSamples, samples } from './data.js'
import type { Logs } from './history.js'
import { AbortError, logsOf, runJob } from './job.js'
import type { Model } from './model.js'
import { runShown } from './run-shown.js'

/** How to evaluate. */
export interface EvaluateOptions {
  /** Samples a step; not of data that come in batches. Default: 32. */
  batchSize?: number
  /** At most so many steps. Default: all samples or batches. */
  steps?: number | null
  /** Weights of the samples: `[n]`, or one for each output; not of data that come in batches. */
  sampleWeight?: Data
  /** Their `onTest…` methods are called. */
  callbacks?: readonly Callback[]
  /** As in `fit`. Default: `'auto'`. */
  verbose?: Verbose
  /** Ends the run before its next step: it rejects with an `AbortError`. */
  signal?: AbortSignal
}

const common = {
  steps: optional(integer(1, { min: 1 })),
  callbacks: given.callbacks,
  verbose: given.verbose('auto'),
  signal: given.signal,
}

const known = { batchSize: integer(32, { min: 1 }), sampleWeight: given.data, ...common }

/** @internal See `Model.evaluate`. */
export async function evaluate(model: Model, x: Data | Batches, y: Data | undefined, options: object): Promise<Logs> {
  if (isBatches(x)) {
    const read = readOptions('evaluate', options, common)
    const source = new Prefetch(x, 2)
    try {
      return await evaluateBatches(model, source, read)
    } finally {
      await source.close()
    }
  }
  const { batchSize, steps, sampleWeight, callbacks, verbose, signal } = readOptions('evaluate', options, known)
  const all = samples(x, y, sampleWeight, model.portNames())
  const data = steps === null ? all : firstSamples(all, steps * batchSize)
  const list = new CallbackList('evaluate', callbacks)
  const start = (shown: boolean, hear: OnEvent) =>
    model.model.evaluate(data as Samples, batchSize, shown, list.some(hearsTestSteps), hear)
  const run = { kind: 'Test', passes: 1, callbacks: list, verbose, x: data.x[0], batchSize, signal, start } as const
  return logsOf(await runShown(model, run))
}

/** How to evaluate on batches. */
interface EvaluateBatchesOptions {
  steps: number | null
  callbacks: readonly Callback[]
  verbose: Verbose
  signal: AbortSignal | undefined
}

/**
 * Loss and metrics over batches; over the next ones, if they can be read only once.
 *
 * @internal
 * @throws `GLOROT_DATA`, if there are none.
 */
export async function evaluateBatches(
  model: Model,
  source: Prefetch,
  { steps, callbacks, verbose, signal }: EvaluateBatchesOptions,
): Promise<Logs> {
  const list = new CallbackList('evaluate', callbacks)
  const begin = performance.now()
  let logs: Logs = {}
  let done = 0
  list.begin(model, { steps: steps ?? 0, verbose })
  await list.call('onTestBegin', {})
  source.restart()
  while (done < (steps ?? Number.POSITIVE_INFINITY)) {
    if (signal?.aborted) throw new AbortError(signal)
    const batch: Batch | undefined = await source.next()
    if (!batch) break
    await list.call('onTestBatchBegin', done, {})
    const data = readBatch('evaluate', batch, model.portNames())
    const first = done === 0
    logs = logsOf(await runJob(hear => model.model.testOnBatch(data, first, hear), signal))
    await list.call('onTestBatchEnd', done++, logs)
  }
  if (done === 0) {
    const message =
      'evaluate: there are no batches; a generator can be read only once: give an object whose [Symbol.iterator] or ' +
      '[Symbol.asyncIterator] makes a new one each time, or a number of steps'
    throw dataError(message)
  }
  const reporter = createReporter({ verbose: verbose === 0 ? 0 : 2, stepsPerEpoch: done })
  reporter.onEpochEnd(0, logs, { elapsedMs: performance.now() - begin })
  reporter.close()
  await list.call('onTestEnd', logs)
  return logs
}
