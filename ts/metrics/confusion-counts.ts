import { Metric, type MetricOptions } from './metric.js'

/** Options of {@link truePositives} and its kin. */
export interface ConfusionCountOptions extends MetricOptions {
  /** Predictions above are positive; of a list the result has one value each. 0 to 1. Default: 0.5. */
  thresholds?: number | readonly number[] | null
}

/** The number (or the sum of the weights) of targets that are 1 with predictions above the threshold. */
export const truePositives = (options: ConfusionCountOptions = {}) =>
  new Metric({ class_name: 'TruePositives', config: options })

/** The number (or the sum of the weights) of targets that are 0 with predictions not above the threshold. */
export const trueNegatives = (options: ConfusionCountOptions = {}) =>
  new Metric({ class_name: 'TrueNegatives', config: options })

/** The number (or the sum of the weights) of targets that are 0 with predictions above the threshold. */
export const falsePositives = (options: ConfusionCountOptions = {}) =>
  new Metric({ class_name: 'FalsePositives', config: options })

/** The number (or the sum of the weights) of targets that are 1 with predictions not above the threshold. */
export const falseNegatives = (options: ConfusionCountOptions = {}) =>
  new Metric({ class_name: 'FalseNegatives', config: options })
