import { type Logs, History as Record } from '../models/history.js'
import { Callback } from './callback.js'

/** Keeps the logs of the epochs, as what `fit` returns does: for one who has only the callback at hand. */
export class History extends Callback {
  private record = new Record()

  /** Numbers of the epochs, from 0. */
  get epoch(): number[] {
    return this.record.epoch
  }

  /** Values by name, one an epoch. */
  get history(): Readonly<{ [name: string]: number[] }> {
    return this.record.history
  }

  override onTrainBegin(): void {
    this.record = new Record()
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.record.add(epoch, logs)
  }
}

/** Keeps the logs of the epochs. */
export const history = () => new History()
