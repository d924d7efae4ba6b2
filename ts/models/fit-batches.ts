import { hearsSteps } from '../callbacks/callback.js'
import { CallbackList } from '../callbacks/callback-list.js'
import { flag, integer, type Option, optional, readOptions } from '../callbacks/options.js'
import { dataError, failure } from '../errors.js'
import { createReporter, type Reporter } from '../progress/index.js'
import { toJson } from '../serialize.js'
import { type Batch, type Batches, Prefetch, readBatch } from './batches.js'
import { exclusively } from './busy.js'
import * as given from './call-options.js'
import { type Data, isBatchesOfValidation, type ValidationData, validationSamples } from './data.js'
import { evaluate, evaluateBatches } from './evaluate.js'
import { type FitOptions, failsAtNonFinite, restored } from './fit.js'
import { History, type Logs } from './history.js'
import { AbortError, logsOf, runJob } from './job.js'
import type { Model } from './model.js'
import { withValidation } from './names.js'

/** How to train on batches that come one after the other. */
export interface FitBatchesOptions
  extends Pick<
    FitOptions,
    | 'epochs'
    | 'initialEpoch'
    | 'stepsPerEpoch'
    | 'classWeight'
    | 'validationData'
    | 'validationBatchSize'
    | 'validationFreq'
    | 'validationSteps'
    | 'stopOnNonFinite'
    | 'callbacks'
    | 'verbose'
    | 'signal'
  > {
  /** Batches that are read ahead while a step runs. Default: 2. */
  prefetch?: number
}

const known = {
  epochs: integer(1, { min: 1 }),
  initialEpoch: integer(0, { min: 0 }),
  stepsPerEpoch: optional(integer(1, { min: 1 })),
  classWeight: given.classWeight,
  validationData: given.data as Option<ValidationData | undefined>,
  validationBatchSize: optional(integer(32, { min: 1 })),
  validationFreq: integer(1, { min: 1 }),
  validationSteps: optional(integer(1, { min: 1 })),
  stopOnNonFinite: flag(true),
  callbacks: given.callbacks,
  verbose: given.verbose('auto'),
  signal: given.signal,
  prefetch: integer(2, { min: 1 }),
}

/** @internal See `Model.fit`. */
export const fitBatches = (model: Model, batches: Batches, options: FitBatchesOptions): Promise<History> =>
  exclusively(model, () => train(model, batches, options))

async function train(model: Model, batches: Batches, options: FitBatchesOptions): Promise<History> {
  const read = readOptions('fit', options, known)
  const { epochs, initialEpoch, stepsPerEpoch, validationFreq, classWeight, verbose, signal } = read
  const callbacks = new CallbackList('fit', read.callbacks)
  const stopOnNonFinite = failsAtNonFinite(options, read, callbacks)
  const validation = validationOf(model, read)
  const history = new History()
  model.history = history
  const params = { epochs, initialEpoch, steps: stepsPerEpoch ?? 0, validates: validation !== undefined, verbose }
  const hearsOfSteps = callbacks.some(hearsSteps)
  const source = new Prefetch(batches, read.prefetch)
  let reporter: Reporter | undefined
  // Only a model that knows its inputs can be given back its weights.
  const resumed = await restored(model, callbacks, history, [])
  const { initialEpoch: first, epochs: end, resume } = resumed?.left(epochs) ?? { initialEpoch, epochs }
  let logs: Logs = resumed?.logs ?? {}
  let planned = false

  /** Tells the memory, once: the shapes are those of the first batch. */
  const tellPlan = (to: Reporter | undefined) => {
    if (planned || !to) return
    planned = true
    to.onPlan(model.deviceReport)
  }

  /** One step; the values are running ones since the epoch began. */
  const step = async (batch: Batch, number: number, epoch: number) => {
    if (hearsOfSteps) await callbacks.call('onTrainBatchBegin', number, {})
    const data = readBatch('fit', batch, model.portNames())
    const json = toJson('fit', { classWeight, resetMetrics: number === 0 })
    logs = logsOf(await runJob(hear => model.model.trainOnBatch(data, json, hear), signal, { history }))
    if (stopOnNonFinite && !Number.isFinite(logs.loss)) {
      const message = `the loss is ${logs.loss} in step ${number} of epoch ${epoch}: lower the learning rate, clip the gradients or look for such values in the data`
      throw failure('GLOROT_NONFINITE_LOSS', message, { history })
    }
    if (hearsOfSteps) await callbacks.call('onTrainBatchEnd', number, logs)
  }

  /** The steps of an epoch; false if there are no more batches. */
  const epochOf = async (epoch: number, from: number, begin: number) => {
    for (let number = from; number < (stepsPerEpoch ?? Number.POSITIVE_INFINITY); number++) {
      if (signal?.aborted) throw new AbortError(signal, history)
      let batch = await source.next()
      // Without `stepsPerEpoch`, the end of the batches is that of the epoch.
      if (!batch && (stepsPerEpoch !== null || number === 0) && source.restart()) batch = await source.next()
      if (!batch) return number
      await step(batch, number, epoch)
      tellPlan(reporter)
      reporter?.onProgress(number + 1, logs, { elapsedMs: performance.now() - begin })
      if (model.stopTraining) return number + 1
    }
    return stepsPerEpoch as number
  }

  /** Takes the batches that the interrupted training had. */
  const skip = async (count: number) => {
    for (let i = 0; i < count; i++) {
      if (await source.next()) continue
      if (!(stepsPerEpoch !== null && source.restart() && (await source.next()))) break
    }
  }

  model.stopTraining = false
  callbacks.begin(model, params)
  if (stepsPerEpoch !== null) reporter = createReporter({ verbose, epochs, stepsPerEpoch })
  try {
    if (first > 0) model.model.unaverage()
    await callbacks.call('onTrainBegin', {})
    await resumed?.applyAll()
    // With `stepsPerEpoch` the batches run on from epoch to epoch.
    if (resume) await skip(stepsPerEpoch === null ? resume.step : first * stepsPerEpoch + resume.step)
    for (let epoch = first; epoch < end && !model.stopTraining; epoch++) {
      const begin = performance.now()
      reporter?.onEpochBegin(epoch)
      await callbacks.call('onEpochBegin', epoch, {})
      const from = epoch === resumed?.epoch ? (resume?.step ?? 0) : 0
      if (from > 0) await resumed?.applyAll()
      const steps = resumed?.stopTraining ? from : await epochOf(epoch, from, begin)
      if (steps === 0) {
        if (history.epoch.length === 0) throw dataError('fit: there are no batches')
        process.emitWarning(`fit: there are no more batches: the training ends after ${history.epoch.length} epochs`)
        break
      }
      if (validation && (epoch + 1) % validationFreq === 0) {
        const scores = await validation.evaluate()
        callbacks.begin(model, params)
        logs = withValidation(logs, scores)
      }
      const elapsedMs = performance.now() - begin
      try {
        await callbacks.call('onEpochEnd', epoch, logs)
      } finally {
        history.add(epoch, logs)
        const shown = reporter ?? createReporter({ verbose: verbose === 0 ? 0 : 2, epochs, stepsPerEpoch: steps })
        tellPlan(shown)
        shown.onEpochEnd(epoch, logs, { elapsedMs })
      }
    }
    model.model.average()
    await callbacks.call('onTrainEnd', logs)
  } finally {
    reporter?.close()
    await validation?.close()
    await source.close()
  }
  return history
}

/** What the model is evaluated on, if it is. */
function validationOf(model: Model, options: ReturnType<typeof readOptions<typeof known>>) {
  const { validationData, validationBatchSize, validationSteps: steps, callbacks, signal } = options
  if (validationData == null) return undefined
  const common = { steps, callbacks, verbose: 0 as const, signal }
  if (isBatchesOfValidation(validationData)) {
    const source = new Prefetch(validationData, options.prefetch)
    return { evaluate: () => evaluateBatches(model, source, common), close: () => source.close() }
  }
  validationSamples(validationData, model.portNames())
  const [x, y, sampleWeight] = validationData as readonly [Data, Data, Data?]
  const given = { ...common, sampleWeight, batchSize: validationBatchSize ?? 32 }
  return { evaluate: () => evaluate(model, x, y, given), close: async () => {} }
}
