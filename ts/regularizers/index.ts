/**
 * Penalties on weights and outputs, added to the loss.
 *
 * @module regularizers
 */
import type { Serialized } from '../config-object.js'
import { Regularizer, type RegularizerLike } from './regularizer.js'

export { Regularizer, type RegularizerFunction, type RegularizerLike } from './regularizer.js'

/** Options of {@link l1l2}. */
export interface L1L2Options {
  /** Factor of the sum of absolute values. Default: 0. */
  l1?: number
  /** Factor of the sum of squares. Default: 0. */
  l2?: number
}

/** `l1 * sum(|w|)`. Default factor: 0.01. */
export const l1 = (l1 = 0.01) => new Regularizer({ class_name: 'L1', config: { l1 } })

/** `l2 * sum(w²)`. Default factor: 0.01. */
export const l2 = (l2 = 0.01) => new Regularizer({ class_name: 'L2', config: { l2 } })

/** `l1 * sum(|w|) + l2 * sum(w²)`. */
export const l1l2 = (options: L1L2Options = {}) => new Regularizer({ class_name: 'L1L2', config: options })

/** Options of {@link orthogonal}. */
export interface OrthogonalOptions {
  /** At least 0. Default: 0.01. */
  factor?: number
  /** What should be orthogonal to each other. Default: `'rows'`. */
  mode?: 'rows' | 'columns'
}

/** `factor` times the mean of `|cos|` of the angles between the rows, or the columns, of a matrix. */
export const orthogonal = (options: OrthogonalOptions = {}) =>
  new Regularizer({ class_name: 'OrthogonalRegularizer', config: options })

/** The regularizer with an id, e.g. `'l2'`, with its defaults; or that of a function. */
export const get = (id: RegularizerLike): Regularizer => (id instanceof Regularizer ? id : new Regularizer(id))

/**
 * A regularizer from what Keras serializes.
 *
 * @throws `GLOROT_CONFIG`, which names an unknown class or option, or one of a wrong type.
 */
export const deserialize = (serialized: Serialized): Regularizer => new Regularizer(serialized)
