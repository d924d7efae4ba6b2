/**
 * First values of weights.
 *
 * @module initializers
 */
import type { Serialized } from '../config-object.js'
import { Initializer, type InitializerLike } from './initializer.js'

export * from './constant.js'
export * from './identity.js'
export {
  Initializer,
  type InitializerFunction,
  type InitializerId,
  type InitializerLike,
  type SeedOptions,
} from './initializer.js'
export * from './orthogonal.js'
export * from './random.js'
export * from './scaled.js'
export * from './simple.js'
export * from './variance-scaling.js'

/** The initializer with an id, e.g. `'heNormal'`, with its defaults; or that of a function. */
export const get = (id: InitializerLike): Initializer => (id instanceof Initializer ? id : new Initializer(id))

/**
 * An initializer from what Keras serializes.
 *
 * @throws `GLOROT_CONFIG`, which names an unknown class or option, or one of a wrong type.
 */
export const deserialize = (serialized: Serialized): Initializer => new Initializer(serialized)
