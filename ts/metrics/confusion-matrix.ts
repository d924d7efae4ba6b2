import { Metric, type MetricOptions } from './metric.js'

/** Options of {@link confusionMatrix}. */
export interface ConfusionMatrixOptions extends MetricOptions {
  /** Default: as many as the predictions have. */
  numClasses?: number | null
  /** Where a model gives one probability: above it is class 1. Default: 0.5. */
  threshold?: number
}

/**
 * How often each class (row) was taken for each class (column): `[classes, classes]`. Targets are class numbers or
 * one-hot. Read it by `result()` after `evaluate`; in logs each entry has its own name, as `confusionMatrix0x1`.
 */
export const confusionMatrix = (options: ConfusionMatrixOptions = {}) =>
  new Metric({ class_name: 'ConfusionMatrix', config: options })
