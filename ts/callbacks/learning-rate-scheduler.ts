import { inspect } from 'node:util'
import { configError } from '../errors.js'
import type { Logs } from '../models/history.js'
import type { Model } from '../models/model.js'
import { Callback } from './callback.js'
import { oneOf, readOptions } from './options.js'

/** The learning rate of an epoch, given the number of the epoch (from 0) and the rate so far. */
export type LearningRateFunction = (epoch: number, learningRate: number) => number

/** Options of {@link learningRateScheduler}. */
export interface LearningRateSchedulerOptions {
  /** 1: says what it sets. Default: 0. */
  verbose?: 0 | 1
}

/** @internal Adds the learning rate to the logs of an epoch, from where it comes into the history. */
export function logLearningRate(model: Model, logs: Logs): void {
  const mutable = logs as Record<string, number>
  mutable.learningRate = model.optimizer.learningRate
}

/** Sets the learning rate at the begin of each epoch. The logs of the epoch get it as `learningRate`. */
export class LearningRateScheduler extends Callback {
  private readonly schedule: LearningRateFunction
  private readonly verbose: 0 | 1

  constructor(schedule: LearningRateFunction, options?: LearningRateSchedulerOptions) {
    super()
    if (typeof schedule !== 'function') {
      throw configError(
        `learningRateScheduler: 'schedule' must be a function of epoch and learning rate; received ${inspect(schedule)}`,
      )
    }
    this.schedule = schedule
    this.verbose = readOptions('learningRateScheduler', options, { verbose: oneOf<0 | 1>(0, 1) }).verbose
  }

  override onEpochBegin(epoch: number): void {
    const { optimizer } = this.model
    const learningRate = this.schedule(epoch, optimizer.learningRate)
    if (typeof learningRate !== 'number') {
      throw configError(`learningRateScheduler: 'schedule' must return a number; received ${inspect(learningRate)}`)
    }
    optimizer.learningRate = learningRate
    if (this.verbose) console.log(`Epoch ${epoch + 1}: learning rate set to ${learningRate}`)
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    logLearningRate(this.model, logs)
  }
}

/** Sets the learning rate at the begin of each epoch: `(epoch, learningRate) => …`. */
export const learningRateScheduler = (schedule: LearningRateFunction, options?: LearningRateSchedulerOptions) =>
  new LearningRateScheduler(schedule, options)
