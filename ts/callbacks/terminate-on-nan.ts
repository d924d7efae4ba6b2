import type { Logs } from '../models/history.js'
import { Callback } from './callback.js'

/**
 * Ends a training, without an error, after the first step whose loss is NaN or infinite. With it, `stopOnNonFinite` of
 * `fit` is `false` unless it is given. It hears of every step, which costs time; `stopOnNonFinite` alone does not.
 */
export class TerminateOnNaN extends Callback {
  override onTrainBatchEnd(batch: number, { loss }: Logs): void {
    if (loss === undefined || Number.isFinite(loss)) return
    process.emitWarning(`terminateOnNaN: the loss is ${loss} after step ${batch} of the epoch: the training ends`)
    this.model.stopTraining = true
  }
}

/** Ends a training, without an error, after the first step whose loss is NaN or infinite. */
export const terminateOnNaN = () => new TerminateOnNaN()
