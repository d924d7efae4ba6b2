import { Metric, type MetricOptions } from './metric.js'

/** Options of {@link precision} and {@link recall}. */
export interface PrecisionRecallOptions extends MetricOptions {
  /**
   * Predictions above are positive; of a list the result has one value each. 0 to 1; for logits: 0. Default: 0.5, with
   * `topK` none.
   */
  thresholds?: number | readonly number[] | null
  /** Only so many of the largest predictions of a sample are positive. Default: all above the threshold. */
  topK?: number | null
  /** Only this class is counted. Default: all. */
  classId?: number | null
}

/** Which part of the positive predictions is right: `tp / (tp + fp)`. Targets and predictions have one shape. */
export const precision = (options: PrecisionRecallOptions = {}) =>
  new Metric({ class_name: 'Precision', config: options })

/** Which part of the positive targets is found: `tp / (tp + fn)`. Targets and predictions have one shape. */
export const recall = (options: PrecisionRecallOptions = {}) => new Metric({ class_name: 'Recall', config: options })
