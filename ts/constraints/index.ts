/**
 * Projections of weights after each update.
 *
 * @module constraints
 */
import type { Serialized } from '../config-object.js'
import { Constraint, type ConstraintLike } from './constraint.js'

export { Constraint, type ConstraintFunction, type ConstraintLike } from './constraint.js'

/** Axes along which norms are taken. */
export interface AxisOptions {
  /** Default: 0, the inputs of a dense layer's unit. `[0, 1, 2]` for the filters of a convolution. */
  axis?: number | readonly number[]
}

/** Options of {@link minMaxNorm}. */
export interface MinMaxNormOptions extends AxisOptions {
  /** Default: 0. */
  minValue?: number
  /** Default: 1. */
  maxValue?: number
  /** How far towards the bounds a weight outside of them moves: 0 to 1. Default: 1. */
  rate?: number
}

/** Scales down vectors that are longer than `maxValue` (default: 2). */
export const maxNorm = (maxValue = 2, options: AxisOptions = {}) =>
  new Constraint({ class_name: 'MaxNorm', config: { maxValue, ...options } })

/** Scales vectors to lengths between two bounds. */
export const minMaxNorm = (options: MinMaxNormOptions = {}) =>
  new Constraint({ class_name: 'MinMaxNorm', config: options })

/** Sets negative weights to 0. */
export const nonNeg = () => new Constraint('nonNeg')

/** Scales vectors to length 1. */
export const unitNorm = (options: AxisOptions = {}) => new Constraint({ class_name: 'UnitNorm', config: options })

/** The constraint with an id, e.g. `'maxNorm'`, with its defaults; or that of a function. */
export const get = (id: ConstraintLike): Constraint => (id instanceof Constraint ? id : new Constraint(id))

/**
 * A constraint from what Keras serializes.
 *
 * @throws `GLOROT_CONFIG`, which names an unknown class or option, or one of a wrong type.
 */
export const deserialize = (serialized: Serialized): Constraint => new Constraint(serialized)
