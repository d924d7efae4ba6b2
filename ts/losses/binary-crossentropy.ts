import { type Loss, type LossOptions, loss } from './loss.js'

/** Options of {@link binaryCrossentropy}. */
export interface BinaryCrossentropyOptions extends LossOptions {
  /** Predictions are logits rather than probabilities. Default: `false`. */
  fromLogits?: boolean
  /** Mixes the targets with one half: 0 to 1. Default: 0. */
  labelSmoothing?: number
  /** The axis along which the mean is taken. Default: -1. */
  axis?: number
}

/** Options of {@link binaryFocalCrossentropy}. */
export interface BinaryFocalCrossentropyOptions extends BinaryCrossentropyOptions {
  /** Weighs the targets 1 by `alpha` and the targets 0 by `1 - alpha`. Default: `false`. */
  applyClassBalancing?: boolean
  /** Default: 0.25. */
  alpha?: number
  /** How much less the samples count that are predicted well. Default: 2. */
  gamma?: number
}

/** Of probabilities `[…, n]` and targets of the same shape, each 0 or 1. */
export const binaryCrossentropy = (options: BinaryCrossentropyOptions = {}): Loss =>
  loss({ class_name: 'BinaryCrossentropy', config: options })

/**
 * {@link binaryCrossentropy} times `(1 - p)^gamma`, where `p` is the probability of the target: the samples that are
 * predicted well count less (Lin et al., 2017).
 */
export const binaryFocalCrossentropy = (options: BinaryFocalCrossentropyOptions = {}): Loss =>
  loss({ class_name: 'BinaryFocalCrossentropy', config: options })
