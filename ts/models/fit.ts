import type { Restored } from '../callbacks/backup-and-restore.js'
import { type Callback, hearsSteps, hearsTestSteps, hearsTests } from '../callbacks/callback.js'
import { CallbackList } from '../callbacks/callback-list.js'
import { TensorBoard } from '../callbacks/tensor-board.js'
import { TerminateOnNaN } from '../callbacks/terminate-on-nan.js'
import { createReporter, type Reporter, type Verbose } from '../progress/index.js'
import { toJson } from '../serialize.js'
import { type Data, samples, type ValidationData } from './data.js'
import { History, type Logs } from './history.js'
import { runJob } from './job.js'
import type { Model } from './model.js'
import type { TrainingEvent } from './training-events.js'

/** How to train. */
export interface FitOptions {
  /** Train up to this epoch. Default: 1. */
  epochs?: number
  /** Number of the first epoch, where a training goes on. Default: 0. */
  initialEpoch?: number
  /** Samples a step; the last step of an epoch takes what is left. Default: 32. */
  batchSize?: number
  /** Fraction of the samples, the last ones, that is kept for validation: 0 to 1. Default: 0. */
  validationSplit?: number
  /** What the model is evaluated on at the end of an epoch. */
  validationData?: ValidationData
  /** Samples a step of validation. Default: `batchSize`. */
  validationBatchSize?: number
  /** Evaluate at the end of every so many epochs. Default: 1. */
  validationFreq?: number
  /** Draw the order of the samples anew each epoch. Default: `true`. */
  shuffle?: boolean
  /** Steps an epoch; an epoch goes on where the last one ended. Default: one pass over the samples. */
  stepsPerEpoch?: number
  /** Weights of the samples: `[n]`, or one for each output. */
  sampleWeight?: Data
  /** Weights of the samples by class: `{ 0: 1, 1: 2.5 }`; others weigh 1. */
  classWeight?: Readonly<Record<number, number>>
  /** End with an error when the loss is NaN or infinite. Default: `true`. */
  stopOnNonFinite?: boolean
  callbacks?: readonly Callback[]
  /** 0: silent; 1: a progress bar; 2: a line an epoch; `'auto'`: 1 on a terminal, else 2. Default: `'auto'`. */
  verbose?: Verbose
  /** Ends the training before its next step: it rejects with an `AbortError`, whose `history` has what was reached. */
  signal?: AbortSignal
}

/** @internal See `Model.fit`. */
export const fit = (model: Model, x: Data, y: Data | undefined, options: FitOptions, tell?: Tell): Promise<History> =>
  exclusively(model, () => train(model, x, y, options, tell))

/** @internal Runs a training, unless the model is in one already. */
export async function exclusively<T>(model: Model, run: () => Promise<T>): Promise<T> {
  if (training.has(model)) {
    const message = `model '${model.name}' is being trained: wait for the running fit() to end before you start another`
    throw Object.assign(new Error(message), { code: 'GLOROT_BUSY' })
  }
  training.add(model)
  try {
    return await run()
  } finally {
    training.delete(model)
  }
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

/** Models in a `fit`. */
const training = new WeakSet<Model>()

async function train(
  model: Model,
  x: Data,
  y: Data | undefined,
  options: FitOptions,
  tell: Tell | undefined,
): Promise<History> {
  const { callbacks: given = [], signal, sampleWeight, validationData, verbose = 'auto', ...rest } = options
  const callbacks = new CallbackList('fit', given)
  if (callbacks.some(callback => callback instanceof TerminateOnNaN)) rest.stopOnNonFinite ??= false
  const history = new History()
  model.history = history
  const ports = model.portNames()
  const data = samples(x, y, sampleWeight, ports)
  const validation = validationData && samples(validationData[0], validationData[1], validationData[2], ports)
  const follow = {
    epochs: callbacks.callbacks.length > 0,
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
  const call: CallbackList['call'] = (hook, ...args) => callbacks.call(hook, ...args)
  const at = (epoch: number, values: Logs) => ({ ...values, epoch, step: stepsDone, steps }) as TrainingEvent
  let begun: Promise<unknown> = Promise.resolve()
  try {
    await runJob(
      onEvent => {
        const started = model.model.fit(data, validation, toJson('fit', plan), follow, onEvent)
        const epochs = resumed ? (rest.epochs ?? 1) : started.epochs
        reporter = createReporter({ verbose, epochs, stepsPerEpoch: started.steps })
        model.stopTraining = false
        steps = started.steps
        const validates = validation !== undefined || (rest.validationSplit ?? 0) > 0
        callbacks.begin(model, { epochs, initialEpoch: rest.initialEpoch ?? 0, steps, validates, verbose })
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
  }
  return history
}
