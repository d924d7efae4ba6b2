import { Callback } from './callback.js'

/** The learning rate of an epoch, given the number of the epoch (from 0) and the rate so far. */
export type LearningRateFunction = (epoch: number, learningRate: number) => number

/** Sets the learning rate at the begin of each epoch. */
export class LearningRateScheduler extends Callback {
  private readonly schedule: LearningRateFunction

  constructor(schedule: LearningRateFunction) {
    super()
    this.schedule = schedule
  }

  override onEpochBegin(epoch: number): void {
    const { optimizer } = this.model
    optimizer.learningRate = this.schedule(epoch, optimizer.learningRate)
  }
}

/** Sets the learning rate at the begin of each epoch: `(epoch, learningRate) => …`. */
export const learningRateScheduler = (schedule: LearningRateFunction) => new LearningRateScheduler(schedule)
