/**
 * Losses: what training makes small. Each is made by a factory and is then a function of targets and predictions.
 *
 * @module losses
 */
import type { Serialized } from '../config-object.js'
import { type Loss, type LossId, type LossOptions, loss } from './loss.js'

export type { Loss, LossFunction, LossId, LossLike, LossOptions, Reduction } from './loss.js'

/** Options of crossentropies. */
export interface CrossentropyOptions extends LossOptions {
  /** Predictions are logits rather than probabilities. Default: `false`. */
  fromLogits?: boolean
  /** Mixes the targets with the uniform distribution: 0 to 1. Default: 0. */
  labelSmoothing?: number
  /** The axis of the classes. Default: -1. */
  axis?: number
}

/** Options of {@link sparseCategoricalCrossentropy}. */
export interface SparseCategoricalCrossentropyOptions extends LossOptions {
  /** Predictions are logits rather than probabilities. Default: `false`. */
  fromLogits?: boolean
  /** A label whose samples do not count. Default: none. */
  ignoreClass?: number | null
}

/** Of probabilities `[…, n]` and targets of the same shape, each 0 or 1. */
export const binaryCrossentropy = (options: CrossentropyOptions = {}): Loss =>
  loss({ class_name: 'BinaryCrossentropy', config: options })

/** Of probabilities of classes `[…, classes]` and one-hot targets. */
export const categoricalCrossentropy = (options: CrossentropyOptions = {}): Loss =>
  loss({ class_name: 'CategoricalCrossentropy', config: options })

/** Of probabilities of classes `[…, classes]` and class numbers `[…]`. */
export const sparseCategoricalCrossentropy = (options: SparseCategoricalCrossentropyOptions = {}): Loss =>
  loss({ class_name: 'SparseCategoricalCrossentropy', config: options })

/** The mean of `(yTrue - yPred)²` over the last axis. */
export const meanSquaredError = (options: LossOptions = {}): Loss =>
  loss({ class_name: 'MeanSquaredError', config: options })

/** The loss with an id, e.g. `'mse'`, with its defaults. */
export const get = (id: Loss | LossId | Serialized): Loss => (typeof id === 'function' ? id : loss(id))

/**
 * A loss from what Keras serializes.
 *
 * @throws `GLOROT_CONFIG`, which names an unknown class or option, or one of a wrong type.
 */
export const deserialize = (serialized: Serialized): Loss => loss(serialized)
