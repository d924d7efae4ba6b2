import type { ConstraintLike } from '../constraints/index.js'
import type { InitializerLike } from '../initializers/index.js'
import type { RegularizerLike } from '../regularizers/index.js'
import type { LayerOptions } from './layer.js'

/** Options of layers that normalize samples, then multiply by `gamma` and add `beta`. */
export interface AffineOptions extends LayerOptions {
  /** Added to the variance. Default: 0.001. */
  epsilon?: number
  /** Whether `beta` is added. Default: `true`. */
  center?: boolean
  /** Whether the result is multiplied by `gamma`. Default: `true`. */
  scale?: boolean
  /** Default: `'zeros'`. */
  betaInitializer?: InitializerLike
  /** Default: `'ones'`. */
  gammaInitializer?: InitializerLike
  /** Default: none. */
  betaRegularizer?: RegularizerLike | null
  /** Default: none. */
  gammaRegularizer?: RegularizerLike | null
  /** Default: none. */
  betaConstraint?: ConstraintLike | null
  /** Default: none. */
  gammaConstraint?: ConstraintLike | null
}
