import type { ConstraintLike } from '../constraints/index.js'
import type { InitializerLike } from '../initializers/index.js'
import type { RegularizerLike } from '../regularizers/index.js'
import type { LayerOptions } from './layer.js'

/** Options of layers with a bias. */
export interface BiasOptions extends LayerOptions {
  /** First values of `bias`. Default: `'zeros'`. */
  biasInitializer?: InitializerLike
  /** Default: none. */
  biasRegularizer?: RegularizerLike | null
  /** Default: none. */
  biasConstraint?: ConstraintLike | null
}

/** What training does to a kernel. */
export interface KernelOptions {
  /** Default: none. */
  kernelRegularizer?: RegularizerLike | null
  /** Default: none. */
  kernelConstraint?: ConstraintLike | null
}
