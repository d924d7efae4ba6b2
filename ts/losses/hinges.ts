import { type Loss, type LossOptions, loss } from './loss.js'

/** The mean of `max(1 - yTrue * yPred, 0)` over the last axis. Targets are -1 or 1; 0 and 1 are taken as -1 and 1. */
export const hinge = (options: LossOptions = {}): Loss => loss({ class_name: 'Hinge', config: options })

/** The mean of `max(1 - yTrue * yPred, 0)²` over the last axis. Targets as of {@link hinge}. */
export const squaredHinge = (options: LossOptions = {}): Loss => loss({ class_name: 'SquaredHinge', config: options })

/** `max(1 + neg - pos, 0)`: the prediction of the target's class should be 1 more than the largest other one. */
export const categoricalHinge = (options: LossOptions = {}): Loss =>
  loss({ class_name: 'CategoricalHinge', config: options })
