import { Metric, type MetricOptions } from './metric.js'

/** Options of {@link f1Score}. */
export interface F1ScoreOptions extends MetricOptions {
  /**
   * `null`: one score a class; `'micro'`: of the counts of all classes together; `'macro'`: the mean of the classes;
   * `'weighted'`: their mean, weighed by how often each is the target. Default: `null`.
   */
  average?: 'micro' | 'macro' | 'weighted' | null
  /** Predictions above are positive: above 0, at most 1. Default: the largest of a sample is. */
  threshold?: number | null
}

/** Options of {@link fBetaScore}. */
export interface FBetaScoreOptions extends F1ScoreOptions {
  /** How much more recall counts than precision. Default: 1. */
  beta?: number
}

/** The harmonic mean of precision and recall, of targets (0 or 1) and predictions `[batch, classes]`. */
export const f1Score = (options: F1ScoreOptions = {}) => new Metric({ class_name: 'F1Score', config: options })

/** `(1 + beta²) precision recall / (beta² precision + recall)`, of targets and predictions `[batch, classes]`. */
export const fBetaScore = (options: FBetaScoreOptions = {}) => new Metric({ class_name: 'FBetaScore', config: options })
