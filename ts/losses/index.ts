/**
 * Losses: what training makes small. Each is made by a factory and is then a function of targets and predictions.
 *
 * @module losses
 */
import type { Serialized } from '../config-object.js'
import { type Loss, type LossId, loss } from './loss.js'

export * from './binary-crossentropy.js'
export * from './categorical-crossentropy.js'
export * from './circle.js'
export * from './divergences.js'
export * from './errors.js'
export * from './hinges.js'
export type { Loss, LossFunction, LossId, LossLike, LossOptions, Reduction } from './loss.js'
export * from './overlaps.js'
export * from './sparse-categorical-crossentropy.js'

/** The loss with an id, e.g. `'mse'`, with its defaults. */
export const get = (id: Loss | LossId | Serialized): Loss => (typeof id === 'function' ? id : loss(id))

/**
 * A loss from what Keras serializes.
 *
 * @throws `GLOROT_CONFIG`, which names an unknown class or option, or one of a wrong type.
 */
export const deserialize = (serialized: Serialized): Loss => loss(serialized)
