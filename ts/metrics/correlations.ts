import { Metric, type MetricOptions } from './metric.js'

/** Options of {@link pearsonCorrelation} and {@link concordanceCorrelation}. */
export interface CorrelationOptions extends MetricOptions {
  /** The axis along which target and prediction are correlated. Default: -1. */
  axis?: number
}

/** The mean over the samples of Pearson's correlation of target and prediction: -1 to 1. */
export const pearsonCorrelation = (options: CorrelationOptions = {}) =>
  new Metric({ class_name: 'PearsonCorrelation', config: options })

/** The mean over the samples of Lin's concordance of target and prediction: 1 if they are equal. */
export const concordanceCorrelation = (options: CorrelationOptions = {}) =>
  new Metric({ class_name: 'ConcordanceCorrelation', config: options })
