import type { Logs } from '../models/history.js'
import type { Model } from '../models/model.js'

/** What a callback may do: nothing, or something that the training waits for. */
export type Done = void | Promise<void>

/** What is known of a run when it begins. */
export interface CallbackParams {
  /** Of a training: up to which epoch it goes. */
  readonly epochs?: number
  /** Of a training: its first epoch. */
  readonly initialEpoch?: number
  /** Of a training: whether it evaluates the model. */
  readonly validates?: boolean
  /** Steps of an epoch, or of the evaluation or prediction. */
  readonly steps: number
  /** How it was asked to show its progress. */
  readonly verbose: 'auto' | 0 | 1 | 2
}

/**
 * What a training, an evaluation or a prediction calls on its way. Extend it and implement what you need; methods may
 * be asynchronous. The run waits for them, on its own thread: the event loop stays free.
 *
 * Methods of steps (`…Batch…`) cost a round trip to JavaScript a step, and only where one is implemented. Epochs and
 * steps count from 0. `logs` have running values since the epoch (or the evaluation) began.
 *
 * @example
 * class ExponentialLearningRate extends callbacks.Callback {
 *   onBatchEnd(batch, logs) { this.model.optimizer.learningRate *= 1.005 }
 * }
 */
export abstract class Callback {
  /** The model; set before the first call. To end the training, set its `stopTraining`. */
  model!: Model
  /** What is known of the run; set before the first call. */
  params!: CallbackParams

  /**
   * What the callback must know to go on when the training does in another process ({@link backupAndRestore}): numbers,
   * strings, booleans, tensors, and lists and plain objects of them. Default: nothing.
   */
  getState(): unknown {
    return undefined
  }

  /** Goes on from what `getState` gave; called after `onTrainBegin`, and again after `onEpochBegin` inside of an epoch. */
  setState(_state: never): Done {}

  /** Called before the first epoch. */
  onTrainBegin(_logs: Logs): Done {}

  /** Called after the last epoch; not after an error or an abort. `logs`: those of the last epoch. */
  onTrainEnd(_logs: Logs): Done {}

  /** Called before the first step of an epoch. */
  onEpochBegin(_epoch: number, _logs: Logs): Done {}

  /** `logs`: values of the epoch, with those of validation under `val…`. */
  onEpochEnd(_epoch: number, _logs: Logs): Done {}

  /**
   * Called before a training step.
   *
   * @param batch Step of the epoch.
   */
  onTrainBatchBegin(batch: number, logs: Logs): Done {
    return this.onBatchBegin(batch, logs)
  }

  /** Called after a training step. `logs`: loss and metrics since the epoch began. */
  onTrainBatchEnd(batch: number, logs: Logs): Done {
    return this.onBatchEnd(batch, logs)
  }

  /** Another name of `onTrainBatchBegin`. */
  onBatchBegin(_batch: number, _logs: Logs): Done {}

  /** Another name of `onTrainBatchEnd`. */
  onBatchEnd(_batch: number, _logs: Logs): Done {}

  /** Called before an evaluation, also that of a training on its validation data. */
  onTestBegin(_logs: Logs): Done {}

  /** `logs`: loss and metrics. */
  onTestEnd(_logs: Logs): Done {}

  /** Called before a step of an evaluation. */
  onTestBatchBegin(_batch: number, _logs: Logs): Done {}

  /** Called after a step of an evaluation. `logs`: loss and metrics since it began. */
  onTestBatchEnd(_batch: number, _logs: Logs): Done {}

  /** Called before a prediction. */
  onPredictBegin(_logs: Logs): Done {}

  /** Called after a prediction. */
  onPredictEnd(_logs: Logs): Done {}

  /** Called before a step of a prediction. */
  onPredictBatchBegin(_batch: number, _logs: Logs): Done {}

  /** Called after a step of a prediction. */
  onPredictBatchEnd(_batch: number, _logs: Logs): Done {}
}

/** Names of the methods. */
export type Hook = Exclude<keyof Callback, 'model' | 'params' | 'getState' | 'setState'>

const hears = (callback: Callback, ...hooks: Hook[]) => hooks.some(hook => callback[hook] !== Callback.prototype[hook])

/** @internal Whether a callback wants to hear of training steps. */
export const hearsSteps = (callback: Callback) =>
  hears(callback, 'onTrainBatchBegin', 'onTrainBatchEnd', 'onBatchBegin', 'onBatchEnd')

/** @internal Whether a callback wants to hear of evaluations. */
export const hearsTests = (callback: Callback) =>
  hears(callback, 'onTestBegin', 'onTestEnd') || hearsTestSteps(callback)

/** @internal Whether a callback wants to hear of the steps of evaluations. */
export const hearsTestSteps = (callback: Callback) => hears(callback, 'onTestBatchBegin', 'onTestBatchEnd')

/** @internal Whether a callback wants to hear of the steps of predictions. */
export const hearsPredictSteps = (callback: Callback) => hears(callback, 'onPredictBatchBegin', 'onPredictBatchEnd')
