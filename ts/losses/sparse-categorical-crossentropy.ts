import { type Loss, type LossOptions, loss } from './loss.js'

/** Options of {@link sparseCategoricalCrossentropy}. */
export interface SparseCategoricalCrossentropyOptions extends LossOptions {
  /** Predictions are logits rather than probabilities. Default: `false`. */
  fromLogits?: boolean
  /** A label whose samples do not count. Default: none. */
  ignoreClass?: number | null
}

/** Options of {@link categoricalGeneralizedCrossEntropy}. */
export interface CategoricalGeneralizedCrossEntropyOptions extends LossOptions {
  /** From 0, a crossentropy, to 1, the mean absolute error; both excluded. Default: 0.5. */
  q?: number
}

/** Of probabilities of classes `[…, classes]` and class numbers `[…]`. */
export const sparseCategoricalCrossentropy = (options: SparseCategoricalCrossentropyOptions = {}): Loss =>
  loss({ class_name: 'SparseCategoricalCrossentropy', config: options })

/**
 * `(1 - p^q) / q`, where `p` is the probability of the label: of probabilities `[…, classes]` and class numbers `[…]`, as
 * {@link sparseCategoricalCrossentropy}, but wrong labels disturb less (Zhang and Sabuncu, 2018).
 */
export const categoricalGeneralizedCrossEntropy = (options: CategoricalGeneralizedCrossEntropyOptions = {}): Loss =>
  loss({ class_name: 'CategoricalGeneralizedCrossEntropy', config: options })
