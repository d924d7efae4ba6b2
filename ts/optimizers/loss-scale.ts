import { Optimizer, type OptimizerLike } from './optimizer.js'

/** Options of {@link lossScale}. */
export interface LossScaleOptions {
  /** The first factor. It is lowered faster than it is raised, so it may be high. Default: 2^15. */
  initialScale?: number
  /** Updates with finite gradients after which the factor is doubled. Default: 2000. */
  dynamicGrowthSteps?: number
  /** Default: `'loss_scale_optimizer'`. */
  name?: string
}

/**
 * Keras's `LossScaleOptimizer`: multiplies the loss by a factor before it is differentiated and divides the gradients by
 * it, so that small ones do not vanish in float16. An update whose gradients are not all finite is left out, and the factor
 * is halved. `compile({ precision: 'float16' })` wraps the model's optimizer in it.
 *
 * @param inner The optimizer that updates; the result has a copy of it.
 */
export const lossScale = (inner: OptimizerLike, options: LossScaleOptions = {}) =>
  new Optimizer({
    class_name: 'LossScaleOptimizer',
    config: { ...options, inner_optimizer: inner instanceof Optimizer ? inner.toJSON() : inner },
  })
