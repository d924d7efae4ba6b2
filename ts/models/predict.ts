import type { OnEvent } from '../../native/binding.cjs'
import { type Callback, hearsPredictSteps } from '../callbacks/callback.js'
import { CallbackList } from '../callbacks/callback-list.js'
import { integer, optional, readOptions } from '../callbacks/options.js'
import { dataError } from '../errors.js'
import { concat } from '../ops/index.js'
import type { Verbose } from '../progress/index.js'
import { Tensor } from '../tensor.js'
import { type Batch, type Batches, isBatches, Prefetch } from './batches.js'
import * as given from './call-options.js'
import { type Data, firstSamples, tensors } from './data.js'
import { AbortError, runJob } from './job.js'
import type { Model } from './model.js'
import { runShown } from './run-shown.js'

/** How to predict. */
export interface PredictOptions {
  /** Samples a step; not of data that come in batches. Default: 32. */
  batchSize?: number
  /** At most so many steps. Default: all samples or batches. */
  steps?: number | null
  /** Their `onPredict…` methods are called. */
  callbacks?: readonly Callback[]
  /** As in `fit`. Default: 0. */
  verbose?: Verbose
  /** Ends the run before its next step: it rejects with an `AbortError`. */
  signal?: AbortSignal
}

/** How to predict with noise. */
export interface PredictSamplesOptions extends PredictOptions {
  /** Number of predictions. Default: 100. */
  samples?: number
}

const common = {
  steps: optional(integer(1, { min: 1 })),
  callbacks: given.callbacks,
  verbose: given.verbose(0),
  signal: given.signal,
}

const known = { batchSize: integer(32, { min: 1 }), ...common }

/** @internal See `Model.predict`. */
export async function predict(model: Model, x: Data | Batches, options: object): Promise<Tensor> {
  if (isBatches(x)) return one(await predictBatches(model, x, readOptions('predict', options, common)))
  return predictArrays(model, x, readOptions('predict', options, known), undefined)
}

/** @internal See `Model.predictSamples`. */
export async function predictSamples(model: Model, x: Data, options: object): Promise<Tensor> {
  const read = readOptions('predictSamples', options, { ...known, samples: integer(100, { min: 1 }) })
  return predictArrays(model, x, read, read.samples)
}

/** One tensor, or one for each output. */
const one = (outputs: Tensor[]): Tensor => (outputs.length === 1 ? outputs[0] : outputs) as Tensor

async function predictArrays(
  model: Model,
  x: Data,
  options: Required<Omit<PredictOptions, 'signal'>> & { signal: AbortSignal | undefined },
  draws: number | undefined,
): Promise<Tensor> {
  const { batchSize, steps, callbacks, verbose, signal } = options
  const all = { x: tensors('x', x, model.portNames().inputs), y: [], sampleWeight: [] }
  const { x: inputs } = steps === null ? all : firstSamples(all, steps * batchSize)
  const list = new CallbackList('predict', callbacks)
  const start = (shown: boolean, hear: OnEvent) =>
    model.model.predict(inputs, batchSize, draws, shown, list.some(hearsPredictSteps), hear)
  const passes = draws ?? 1
  const run = { kind: 'Predict', passes, callbacks: list, verbose, x: inputs[0], batchSize, signal, start } as const
  const { outputs = [] } = await runShown(model, run)
  return one(outputs.map(output => new Tensor(output)))
}

/** The outputs for batches that come one after the other: `x`, or `[x, …]` of which the others do not matter. */
async function predictBatches(
  model: Model,
  batches: Batches,
  options: { steps: number | null; callbacks: readonly Callback[]; verbose: Verbose; signal: AbortSignal | undefined },
): Promise<Tensor[]> {
  const { steps, callbacks, verbose, signal } = options
  const list = new CallbackList('predict', callbacks)
  const source = new Prefetch(batches, 2)
  const parts: Tensor[][] = []
  try {
    list.begin(model, { steps: steps ?? 0, verbose })
    await list.call('onPredictBegin', {})
    while (parts.length < (steps ?? Number.POSITIVE_INFINITY)) {
      if (signal?.aborted) throw new AbortError(signal)
      const batch: Batch | Data | undefined = await source.next()
      if (batch === undefined) break
      const step = parts.length
      await list.call('onPredictBatchBegin', step, {})
      const x = Array.isArray(batch) && typeof batch[0] === 'object' ? (batch[0] as Data) : (batch as Data)
      const inputs = tensors('x', x, model.portNames().inputs)
      const batchSize = Math.max(1, inputs[0]?.shape[0] ?? 1)
      const end = await runJob(hear => model.model.predict(inputs, batchSize, undefined, false, false, hear), signal)
      parts.push((end.outputs ?? []).map(output => new Tensor(output)))
      await list.call('onPredictBatchEnd', step, {})
    }
    await list.call('onPredictEnd', {})
  } finally {
    await source.close()
  }
  const [first] = parts
  if (!first) throw dataError('predict: there are no batches')
  return first.map((_, output) =>
    concat(
      parts.map(part => part[output] as Tensor),
      0,
    ),
  )
}
