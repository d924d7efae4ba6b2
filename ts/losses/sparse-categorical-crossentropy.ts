import { type Loss, type LossOptions, loss } from './loss.js'

/** Options of {@link sparseCategoricalCrossentropy}. */
export interface SparseCategoricalCrossentropyOptions extends LossOptions {
  /** Predictions are logits rather than probabilities. Default: `false`. */
  fromLogits?: boolean
  /** A label whose samples do not count. Default: none. */
  ignoreClass?: number | null
}

/** Of probabilities of classes `[…, classes]` and class numbers `[…]`. */
export const sparseCategoricalCrossentropy = (options: SparseCategoricalCrossentropyOptions = {}): Loss =>
  loss({ class_name: 'SparseCategoricalCrossentropy', config: options })
