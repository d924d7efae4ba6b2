/**
 * Metrics: values that are accumulated over batches and tell how good a model is.
 *
 * @module metrics
 */
import type { Serialized } from '../config-object.js'
import { Metric, type MetricLike, type MetricOptions } from './metric.js'

export { Metric, type MetricId, type MetricLike, type MetricOptions } from './metric.js'

/** Options of {@link binaryAccuracy}. */
export interface BinaryAccuracyOptions extends MetricOptions {
  /** Predictions above count as 1. Default: 0.5. */
  threshold?: number
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

/** The mean of the squared error. */
export const meanSquaredError = (options: MetricOptions = {}) =>
  new Metric({ class_name: 'MeanSquaredError', config: options })

/** The metric with an id, e.g. `'binaryAccuracy'`, with its defaults. */
export const get = (id: MetricLike): Metric => (id instanceof Metric ? id : new Metric(id))

/**
 * A metric from what Keras serializes.
 *
 * @throws `GLOROT_CONFIG`, which names an unknown class or option, or one of a wrong type.
 */
export const deserialize = (serialized: Serialized): Metric => new Metric(serialized)
