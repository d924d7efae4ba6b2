import { type Logs, History as Record } from '../models/history.js'
import { Callback } from './callback.js'

interface HistoryState {
  rows: { epoch: number; logs: Logs }[]
}

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

  override getState(): HistoryState {
    return { rows: this.record.rows() }
  }

  override setState({ rows }: HistoryState): void {
    this.record = new Record()
    for (const { epoch, logs } of rows) this.record.add(epoch, logs)
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
