import { Metric, type MetricOptions } from './metric.js'

/** Options of {@link binaryAccuracy}. */
export interface BinaryAccuracyOptions extends MetricOptions {
  /** Predictions above count as 1. Default: 0.5. */
  threshold?: number
}

/** Options of {@link topKCategoricalAccuracy} and {@link sparseTopKCategoricalAccuracy}. */
export interface TopKOptions extends MetricOptions {
  /** Among how many of the largest predictions the target's class may be. Default: 5. */
  k?: number
}

/** How often targets and predictions are equal. */
export const accuracy = (options: MetricOptions = {}) => new Metric({ class_name: 'Accuracy', config: options })

/** How often predictions, rounded at a threshold, are the targets (0 or 1). */
export const binaryAccuracy = (options: BinaryAccuracyOptions = {}) =>
  new Metric({ class_name: 'BinaryAccuracy', config: options })

/** How often the most likely class is that of the one-hot target. */
export const categoricalAccuracy = (options: MetricOptions = {}) =>
  new Metric({ class_name: 'CategoricalAccuracy', config: options })

/** How often the most likely class is the label. */
export const sparseCategoricalAccuracy = (options: MetricOptions = {}) =>
  new Metric({ class_name: 'SparseCategoricalAccuracy', config: options })

/** How often the class of the one-hot target is among the `k` most likely ones. */
export const topKCategoricalAccuracy = (options: TopKOptions = {}) =>
  new Metric({ class_name: 'TopKCategoricalAccuracy', config: options })

/** How often the label is among the `k` most likely classes. */
export const sparseTopKCategoricalAccuracy = (options: TopKOptions = {}) =>
  new Metric({ class_name: 'SparseTopKCategoricalAccuracy', config: options })
