import { type Loss, type LossOptions, loss } from './loss.js'

/** Options of {@link categoricalCrossentropy}. */
export interface CategoricalCrossentropyOptions extends LossOptions {
  /** Predictions are logits rather than probabilities. Default: `false`. */
  fromLogits?: boolean
  /** Mixes the targets with the uniform distribution: 0 to 1. Default: 0. */
  labelSmoothing?: number
  /** The axis of the classes. Default: -1. */
  axis?: number
}

/** Options of {@link categoricalFocalCrossentropy}. */
export interface CategoricalFocalCrossentropyOptions extends CategoricalCrossentropyOptions {
  /** The weight of all classes. Default: 0.25. */
  alpha?: number
  /** How much less the samples count that are predicted well. Default: 2. */
  gamma?: number
}

/** Of probabilities of classes `[…, classes]` and one-hot targets. */
export const categoricalCrossentropy = (options: CategoricalCrossentropyOptions = {}): Loss =>
  loss({ class_name: 'CategoricalCrossentropy', config: options })

/**
 * {@link categoricalCrossentropy} times `alpha * (1 - p)^gamma`, where `p` is the probability of the target's class (Lin
 * et al., 2017).
 */
export const categoricalFocalCrossentropy = (options: CategoricalFocalCrossentropyOptions = {}): Loss =>
  loss({ class_name: 'CategoricalFocalCrossentropy', config: options })
