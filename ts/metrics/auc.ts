import { Metric, type MetricOptions } from './metric.js'

/** Options of {@link auc}. */
export interface AucOptions extends MetricOptions {
  /** How many thresholds from 0 to 1 are tried. Default: 200. */
  numThresholds?: number
  /**
   * `'ROC'`: recall over the false positive rate; `'PR'`: precision over recall; `'PRGAIN'`: precision gain over recall
   * gain. Default: `'ROC'`.
   */
  curve?: 'ROC' | 'PR' | 'PRGAIN'
  /** The height of the curve between two thresholds: between both ends, the lower or the upper one. Default: between. */
  summationMethod?: 'interpolation' | 'minoring' | 'majoring'
  /** These in place of thresholds at equal distances: 0 to 1. */
  thresholds?: readonly number[] | null
  /** The mean of the areas of the classes of `[batch, classes]`, rather than the area of all entries. Default: `false`. */
  multiLabel?: boolean
  /** The number of classes under `multiLabel`. Default: that of the first predictions. */
  numLabels?: number | null
  /** The weight of each class. Default: all alike. */
  labelWeights?: readonly number[] | null
  /** Predictions are logits rather than probabilities. Default: `false`. */
  fromLogits?: boolean
}

/** The area under a curve over all thresholds: of ROC the probability that a positive is ranked above a negative. */
export const auc = (options: AucOptions = {}) => new Metric({ class_name: 'AUC', config: options })
