import type { Logs } from '../models/history.js'
import type { Model } from '../models/model.js'

/**
 * What a training calls at its begin and end, and at those of epochs and steps. Extend it and implement what you need;
 * methods may be asynchronous. The training waits for them, on its own thread: the event loop stays free.
 *
 * Step-level methods cost a round trip to JavaScript a step, and only where one is implemented.
 *
 * @example
 * class ExponentialLearningRate extends callbacks.Callback {
 *   onBatchEnd(batch, logs) { this.model.optimizer.learningRate *= 1.005 }
 * }
 */
export abstract class Callback {
  /** The model that trains; set before `onTrainBegin`. To end the training, set its `stopTraining`. */
  model!: Model

  /** Called before the first epoch. */
  onTrainBegin(_logs: Logs): void | Promise<void> {}

  /** Called after the last epoch; not after an error or an abort. `logs`: those of the last epoch. */
  onTrainEnd(_logs: Logs): void | Promise<void> {}

  /** @param _epoch From 0. */
  onEpochBegin(_epoch: number, _logs: Logs): void | Promise<void> {}

  /** `logs`: values of the epoch, with those of validation under `val…`. */
  onEpochEnd(_epoch: number, _logs: Logs): void | Promise<void> {}

  /** @param _batch Step of the epoch, from 0. */
  onBatchBegin(_batch: number, _logs: Logs): void | Promise<void> {}

  /** `logs`: running values since the epoch began. */
  onBatchEnd(_batch: number, _logs: Logs): void | Promise<void> {}
}

/** @internal Whether a callback wants to hear of steps. */
export const hearsSteps = (callback: Callback) =>
  callback.onBatchBegin !== Callback.prototype.onBatchBegin || callback.onBatchEnd !== Callback.prototype.onBatchEnd
