import { Metric, type MetricOptions } from './metric.js'

/** Options of {@link binaryCrossentropy}. */
export interface BinaryCrossentropyOptions extends MetricOptions {
  /** Predictions are logits rather than probabilities. Default: `false`. */
  fromLogits?: boolean
  /** Mixes the targets with one half: 0 to 1. Default: 0. */
  labelSmoothing?: number
}

/** Options of {@link categoricalCrossentropy}. */
export interface CategoricalCrossentropyOptions extends MetricOptions {
  /** Predictions are logits rather than probabilities. Default: `false`. */
  fromLogits?: boolean
  /** Mixes the targets with the uniform distribution: 0 to 1. Default: 0. */
  labelSmoothing?: number
  /** The axis of the classes. Default: -1. */
  axis?: number
}

/** Options of {@link sparseCategoricalCrossentropy}. */
export interface SparseCategoricalCrossentropyOptions extends MetricOptions {
  /** Predictions are logits rather than probabilities. Default: `false`. */
  fromLogits?: boolean
  /** A label whose samples do not count. Default: none. */
  ignoreClass?: number | null
}

/** The mean crossentropy of targets 0 or 1. */
export const binaryCrossentropy = (options: BinaryCrossentropyOptions = {}) =>
  new Metric({ class_name: 'BinaryCrossentropy', config: options })

/** The mean crossentropy of one-hot targets. */
export const categoricalCrossentropy = (options: CategoricalCrossentropyOptions = {}) =>
  new Metric({ class_name: 'CategoricalCrossentropy', config: options })

/** The mean crossentropy of class numbers. */
export const sparseCategoricalCrossentropy = (options: SparseCategoricalCrossentropyOptions = {}) =>
  new Metric({ class_name: 'SparseCategoricalCrossentropy', config: options })

/** The mean of the Kullback-Leibler divergence of the predictions from the targets. */
export const klDivergence = (options: MetricOptions = {}) => new Metric({ class_name: 'KLDivergence', config: options })

/** The mean of `yPred - yTrue * log(yPred + 1e-7)`. */
export const poisson = (options: MetricOptions = {}) => new Metric({ class_name: 'Poisson', config: options })
