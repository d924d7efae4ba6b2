import { Metric, type MetricOptions } from './metric.js'

/** Options of {@link r2Score}. */
export interface R2ScoreOptions extends MetricOptions {
  /**
   * The mean over the outputs, also weighed by the variances of the targets; `null`: one score an output. Default:
   * `'uniformAverage'`.
   */
  classAggregation?: 'uniformAverage' | 'varianceWeightedAverage' | null
  /** How many inputs the model has, for the adjusted score. Default: 0, not adjusted. */
  numRegressors?: number
}

/** The part of the variance of the targets `[batch, outputs]` that the predictions explain: 1 if they are exact. */
export const r2Score = (options: R2ScoreOptions = {}) => new Metric({ class_name: 'R2Score', config: options })
