import { Metric, type MetricOptions } from './metric.js'

/** The mean of `max(1 - yTrue * yPred, 0)`. Targets are -1 or 1; 0 and 1 are taken as -1 and 1. */
export const hinge = (options: MetricOptions = {}) => new Metric({ class_name: 'Hinge', config: options })

/** The mean of `max(1 - yTrue * yPred, 0)²`. Targets as of {@link hinge}. */
export const squaredHinge = (options: MetricOptions = {}) => new Metric({ class_name: 'SquaredHinge', config: options })

/** The mean of how much the prediction of the target's class lacks to be 1 more than the largest other one. */
export const categoricalHinge = (options: MetricOptions = {}) =>
  new Metric({ class_name: 'CategoricalHinge', config: options })
