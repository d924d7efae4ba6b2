import { readOptions, text } from '../callbacks/options.js'
import { configError, shown } from '../errors.js'
import type { TensorLike } from '../tensor.js'
import { builtinMetric, Metric, type MetricFunction, type MetricOptions } from './metric.js'

/** A metric of values rather than of targets and predictions; of a model it is that of the predictions. */
export class ValueMetric extends Metric {
  /** Adds values. `sampleWeight` has their shape, or that of their first axes. */
  override update(values: TensorLike, sampleWeight?: TensorLike): void {
    super.update(values, values, sampleWeight)
  }
}

builtinMetric(ValueMetric)

/**
 * The mean of what a function makes of targets and predictions: a metric of a function with a name of its own.
 *
 * @param compute Its result is one number a sample, or one for the batch.
 * @throws `GLOROT_CONFIG`, if it is no function.
 */
export function meanMetricWrapper(compute: MetricFunction, options: MetricOptions = {}): Metric {
  if (typeof compute !== 'function') {
    throw configError(`meanMetricWrapper: expected a function of targets and predictions; received ${shown(compute)}`)
  }
  return new Metric(compute, readOptions('meanMetricWrapper', options, { name: text(compute.name || 'metric') }).name)
}

/** The mean of values, weighed by the sample weights. */
export const mean = (options: MetricOptions = {}) => new ValueMetric({ class_name: 'Mean', config: options })

/** The sum of values, times the sample weights. */
export const sum = (options: MetricOptions = {}) => new ValueMetric({ class_name: 'Sum', config: options })
