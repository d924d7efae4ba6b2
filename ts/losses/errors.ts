import { type Loss, type LossOptions, loss } from './loss.js'

/** Options of {@link huber}. */
export interface HuberOptions extends LossOptions {
  /** Where the square becomes a line. Default: 1. */
  delta?: number
}

/** Options of {@link cosineSimilarity}. */
export interface CosineSimilarityOptions extends LossOptions {
  /** The axis of the vectors. Default: -1. */
  axis?: number
}

/** The mean of `(yTrue - yPred)²` over the last axis. */
export const meanSquaredError = (options: LossOptions = {}): Loss =>
  loss({ class_name: 'MeanSquaredError', config: options })

/** The mean of `|yTrue - yPred|` over the last axis. */
export const meanAbsoluteError = (options: LossOptions = {}): Loss =>
  loss({ class_name: 'MeanAbsoluteError', config: options })

/** The mean of `100 |yTrue - yPred| / max(|yTrue|, 1e-7)` over the last axis. */
export const meanAbsolutePercentageError = (options: LossOptions = {}): Loss =>
  loss({ class_name: 'MeanAbsolutePercentageError', config: options })

/** The mean of `(log(yTrue + 1) - log(yPred + 1))²` over the last axis. */
export const meanSquaredLogarithmicError = (options: LossOptions = {}): Loss =>
  loss({ class_name: 'MeanSquaredLogarithmicError', config: options })

/** The mean over the last axis of half the squared error, beyond `delta` of a line of slope `delta` (Huber, 1964). */
export const huber = (options: HuberOptions = {}): Loss => loss({ class_name: 'Huber', config: options })

/** The mean of `log(cosh(yPred - yTrue))` over the last axis: a square for small errors, a line for large ones. */
export const logCosh = (options: LossOptions = {}): Loss => loss({ class_name: 'LogCosh', config: options })

/** Minus the cosine of the angle between target and prediction: -1 where they point the same way. */
export const cosineSimilarity = (options: CosineSimilarityOptions = {}): Loss =>
  loss({ class_name: 'CosineSimilarity', config: options })
