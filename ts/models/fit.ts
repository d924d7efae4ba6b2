import type { Restored } from '../callbacks/backup-and-restore.js'
import { type Callback, hearsSteps, hearsTestSteps, hearsTests } from '../callbacks/callback.js'
import { CallbackList } from '../callbacks/callback-list.js'
import { flag, integer, number, type Option, optional, readOptions } from '../callbacks/options.js'
import { TensorBoard } from '../callbacks/tensor-board.js'
import { TerminateOnNaN } from '../callbacks/terminate-on-nan.js'
import { createReporter, type Reporter, type Verbose } from '../progress/index.js'
import { toJson } from '../serialize.js'
import { Prefetch } from './batches.js'
import { exclusively } from './busy.js'
import * as given from './call-options.js'
import { type Data, isBatchesOfValidation, samples, type ValidationData, validationSamples } from './data.js'
import { evaluateBatches } from './evaluate.js'
import { History, type Logs } from './history.js'
import { runJob } from './job.js'
import type { Model } from './model.js'
import { withValidation } from './names.js'
import type { TrainingEvent } from './training-events.js'

/** How to train. */
export interface FitOptions {
  /** Train up to this epoch. Default: 1. */
  epochs?: number
  /** Number of the first epoch, where a training goes on. Default: 0. */
  initialEpoch?: number
  /** Samples a step; the last step of an epoch takes what is left. Default: 32. */
  batchSize?: number
  /** Fraction of the samples, the last ones, that is kept for validation: 0 to below 1. Default: 0. */
  validationSplit?: number
  /** What the model is evaluated on at the end of an epoch; goes before `validationSplit`. */
  validationData?: ValidationData
  /** Samples a step of validation. Default: `batchSize`. */
  validationBatchSize?: number | null
  /** Evaluate at the end of every so many epochs. Default: 1. */
  validationFreq?: number
  /** Evaluate on so many batches, the first ones. Default: all. */
  validationSteps?: number | null
  /** Draw the order of the samples anew each epoch. Default: `true`. */
  shuffle?: boolean
  /** Steps an epoch; an epoch goes on where the last one ended. Default: one pass over the samples. */
  stepsPerEpoch?: number | null
  /** Weights of the samples: `[n]`, or one for each output. */
  sampleWeight?: Data
  /** Weights of the samples by class: `{ 0: 1, 1: 2.5 }`; others weigh 1. Not beside `sampleWeight`, as in Keras. */
  classWeight?: Readonly<Record<number, number>>
  /** End with an error when the loss is NaN or infinite. Default: `true`. */
  stopOnNonFinite?: boolean
  /** What the training calls on its way, in this order. */
  callbacks?: readonly Callback[]
  /** 0: silent; 1: a progress bar; 2: a line an epoch; `'auto'`: 1 on a terminal, else 2. Default: `'auto'`. */
  verbose?: Verbose
  /** Ends the training before its next step: it rejects with an `AbortError`, whose `history` has what was reached. */
  signal?: AbortSignal
}

const known = {
  epochs: integer(1, { min: 1 }),
  initialEpoch: integer(0, { min: 0 }),
  batchSize: integer(32, { min: 1 }),
  validationSplit: number(0, { min: 0, below: 1 }),
  validationData: given.data as Option<ValidationData | undefined>,
  validationBatchSize: optional(integer(32, { min: 1 })),
  validationFreq: integer(1, { min: 1 }),
  validationSteps: optional(integer(1, { min: 1 })),
  shuffle: flag(true),
  stepsPerEpoch: optional(integer(1, { min: 1 })),
  sampleWeight: given.data,
  classWeight: given.classWeight,
  stopOnNonFinite: flag(true),
  callbacks: given.callbacks,
  verbose: given.verbose('auto'),
  signal: given.signal,
}

/** @internal See `Model.fit`. */
export const fit = (model: Model, x: Data, y: Data | undefined, options: FitOptions, tell?: Tell): Promise<History> =>
  exclusively(model, () => train(model, x, y, options, tell))

/** @internal Whether a loss that is not finite is an error: not, unless asked for, where a callback deals with it. */
export function failsAtNonFinite(
  given: Pick<FitOptions, 'stopOnNonFinite'>,
  read: { readonly stopOnNonFinite: boolean },
  callbacks: CallbackList,
): boolean {
  const isDealtWith = callbacks.some(callback => callback instanceof TerminateOnNaN)
  return given.stopOnNonFinite ?? (!isDealtWith && read.stopOnNonFinite)
}

/** @internal Where a training goes on that was interrupted, if a callback backs it up and there is a backup. */
export async function restored(
  model: Model,
  callbacks: CallbackList,
  history: History,
  x: readonly { readonly shape: readonly number[] }[],
): Promise<Restored | undefined> {
  const { backup } = callbacks
  if (!backup) return undefined
  if (!model.built && x[0]) model.build([...x[0].shape])
  return backup.restore(model, { callbacks: callbacks.callbacks, history })
}

/** @internal Hears of the progress within epochs, now and then, and of the ends of epochs (`last`). */
export type Tell = (event: TrainingEvent, last: boolean) => void

async function train(
  model: Model,
  x: Data,
  y: Data | undefined,
  options: FitOptions,
  tell: Tell | undefined,
): Promise<History> {
  const read = readOptions('fit', options, known)
  const { callbacks: list, signal, sampleWeight, validationData, verbose, ...rest } = read
  const callbacks = new CallbackList('fit', list)
  Object.assign(rest, { stopOnNonFinite: failsAtNonFinite(options, read, callbacks) })
  const history = new History()
  const ports = model.portNames()
  const data = samples(x, y, sampleWeight, ports)
  const batches = isBatchesOfValidation(validationData) ? new Prefetch(validationData, 2) : undefined
  const validation = validationData != null && !batches ? validationSamples(validationData, ports) : undefined
  const validates = validationData != null || rest.validationSplit > 0
  const follow = {
    epochs: callbacks.callbacks.length > 0 || batches !== undefined,
    steps: callbacks.some(hearsSteps),
    tests: callbacks.some(hearsTests),
    testSteps: callbacks.some(hearsTestSteps),
    gradientNorms: callbacks.some(callback => callback instanceof TensorBoard && callback.keeps.norms),
    gradients: callbacks.some(callback => callback instanceof TensorBoard && callback.keeps.values),
    progress: tell !== undefined || verbose === 1 || (verbose === 'auto' && process.stdout.isTTY === true),
  }
  const resumed = await restored(model, callbacks, history, data.x)
  const plan = resumed ? { ...rest, ...resumed.left(rest.epochs ?? 1) } : rest
  let reporter: Reporter | undefined
  let begin = 0
  let logs: Logs = resumed?.logs ?? {}
  let stepsDone = 0
  let steps = 0
  let planned = false
  const call: CallbackList['call'] = (hook, ...args) => callbacks.call(hook, ...args)
  const params = () => ({ epochs: rest.epochs, initialEpoch: rest.initialEpoch, steps, validates, verbose })
  const at = (epoch: number, values: Logs) => ({ ...values, epoch, step: stepsDone, steps }) as TrainingEvent
  let begun: Promise<unknown> = Promise.resolve()
  try {
    await runJob(
      onEvent => {
        // Batches are evaluated here, when an epoch has ended.
        const split = batches ? { validationSplit: 0 } : {}
        const started = model.model.fit(data, validation, toJson('fit', { ...plan, ...split }), follow, onEvent)
        model.history = history
        reporter = createReporter({ verbose, epochs: rest.epochs, stepsPerEpoch: started.steps })
        model.stopTraining = false
        steps = started.steps
        callbacks.begin(model, params())
        begun = call('onTrainBegin', {}).then(() => resumed?.applyAll())
        // An error is thrown where this is awaited, at the first event.
        begun.catch(() => {})
        return started.job
      },
      signal,
      {
        history,
        event: async (event, values) => {
          await begun
          const { epoch = 0, step = 0 } = event
          const elapsedMs = event.elapsed ?? performance.now() - begin
          switch (event.type) {
            case 'epochBegin':
              begin = performance.now()
              stepsDone = 0
              if (!planned) reporter?.onPlan(model.deviceReport)
              planned = true
              reporter?.onEpochBegin(epoch)
              await call('onEpochBegin', epoch, {})
              // The interrupted training has gone on from there.
              if (resumed && epoch === resumed.epoch && resumed.step > 0) await resumed.applyAll()
              break
            case 'batchBegin':
              await call('onTrainBatchBegin', step, {})
              break
            case 'progress':
              stepsDone = step + 1
              reporter?.onProgress(stepsDone, values, { elapsedMs })
              // The end of the epoch tells of its last step.
              if (stepsDone < steps) tell?.(at(epoch, values), false)
              if (event.waits) await call('onTrainBatchEnd', step, values)
              break
            case 'testBegin':
              await call('onTestBegin', {})
              break
            case 'testBatchBegin':
              await call('onTestBatchBegin', step, {})
              break
            case 'testBatchEnd':
              await call('onTestBatchEnd', step, values)
              break
            case 'testEnd':
              await call('onTestEnd', values)
              break
            case 'epochEnd':
              if (batches && (epoch + 1) % rest.validationFreq === 0) {
                const { validationSteps } = rest
                const test = { steps: validationSteps, callbacks: list, verbose: 0 as const, signal }
                const scores = await evaluateBatches(model, batches, test)
                callbacks.begin(model, params())
                values = withValidation(values, scores)
              }
              logs = values
              try {
                await call('onEpochEnd', epoch, values)
              } finally {
                // Callbacks may have added to the logs, as the learning rate.
                history.add(epoch, values)
                reporter?.onEpochEnd(epoch, values, { elapsedMs })
                tell?.(at(epoch, values), true)
              }
          }
          return event.waits && model.stopTraining
        },
      },
    )
    await begun
    await call('onTrainEnd', logs)
  } finally {
    reporter?.close()
    await batches?.close()
  }
  return history
}
