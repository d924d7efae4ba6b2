/**
 * Update rules.
 *
 * @module optimizers
 */
import type { Serialized } from '../config-object.js'
import { Optimizer, type OptimizerLike } from './optimizer.js'

export * from './adadelta.js'
export * from './adafactor.js'
export * from './adagrad.js'
export * from './adam.js'
export * from './adamax.js'
export * from './ftrl.js'
export * from './lamb.js'
export * from './lion.js'
export * from './loss-scale.js'
export * from './muon.js'
export * from './nadam.js'
export {
  type ExcludeFromWeightDecay,
  Optimizer,
  type OptimizerId,
  type OptimizerLike,
  type OptimizerOptions,
} from './optimizer.js'
export * from './rmsprop.js'
export * from './schedule-free-adam-w.js'
export * from './sgd.js'

/** The optimizer with an id, e.g. `'nadam'`, with its defaults. */
export const get = (id: OptimizerLike): Optimizer => (id instanceof Optimizer ? id : new Optimizer(id))

/**
 * An optimizer from what Keras serializes.
 *
 * @throws `GLOROT_CONFIG`, which names an unknown class or option, or one of a wrong type.
 */
export const deserialize = (serialized: Serialized): Optimizer => new Optimizer(serialized)
