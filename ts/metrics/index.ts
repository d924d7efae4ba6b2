/**
 * Metrics: values that are accumulated over batches and tell how good a model is.
 *
 * @module metrics
 */
import type { Serialized } from '../config-object.js'
import { Metric, type MetricLike } from './metric.js'

export * from './accuracies.js'
export * from './at-constraint.js'
export * from './auc.js'
export * from './confusion-counts.js'
export * from './confusion-matrix.js'
export * from './correlations.js'
export * from './errors.js'
export * from './f-scores.js'
export * from './hinges.js'
export * from './iou.js'
export * from './mean-sum.js'
export { Metric, type MetricFunction, type MetricId, type MetricLike, type MetricOptions } from './metric.js'
export * from './precision-recall.js'
export * from './probabilistic.js'
export * from './r2-score.js'

/** The metric with an id, e.g. `'binaryAccuracy'`, with its defaults; or the mean of what a function computes. */
export const get = (id: MetricLike): Metric => (id instanceof Metric ? id : new Metric(id))

/**
 * A metric from what Keras serializes.
 *
 * @throws `GLOROT_CONFIG`, which names an unknown class or option, or one of a wrong type.
 */
export const deserialize = (serialized: Serialized): Metric => new Metric(serialized)
