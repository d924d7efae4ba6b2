import { Metric, type MetricOptions } from './metric.js'

/** Options of {@link cosineSimilarity}. */
export interface CosineSimilarityOptions extends MetricOptions {
  /** The axis of the vectors. Default: -1. */
  axis?: number
}

/** Options of {@link huber}. */
export interface HuberOptions extends MetricOptions {
  /** Where the square becomes a line. Default: 1. */
  delta?: number
}

/** The mean of the squared error. */
export const meanSquaredError = (options: MetricOptions = {}) =>
  new Metric({ class_name: 'MeanSquaredError', config: options })

/** The root of the mean of the squared error. */
export const rootMeanSquaredError = (options: MetricOptions = {}) =>
  new Metric({ class_name: 'RootMeanSquaredError', config: options })

/** The mean of the absolute error. */
export const meanAbsoluteError = (options: MetricOptions = {}) =>
  new Metric({ class_name: 'MeanAbsoluteError', config: options })

/** The mean of `100 |yTrue - yPred| / max(|yTrue|, 1e-7)`. */
export const meanAbsolutePercentageError = (options: MetricOptions = {}) =>
  new Metric({ class_name: 'MeanAbsolutePercentageError', config: options })

/** The mean of `(log(yTrue + 1) - log(yPred + 1))²`. */
export const meanSquaredLogarithmicError = (options: MetricOptions = {}) =>
  new Metric({ class_name: 'MeanSquaredLogarithmicError', config: options })

/** The mean of `log(cosh(yPred - yTrue))`. */
export const logCoshError = (options: MetricOptions = {}) => new Metric({ class_name: 'LogCoshError', config: options })

/** The mean of Huber's loss. Keras has no metric of this name. */
export const huber = (options: HuberOptions = {}) => new Metric({ class_name: 'Huber', config: options })

/** The mean of the cosine of the angle between target and prediction: 1 where they point the same way. */
export const cosineSimilarity = (options: CosineSimilarityOptions = {}) =>
  new Metric({ class_name: 'CosineSimilarity', config: options })
