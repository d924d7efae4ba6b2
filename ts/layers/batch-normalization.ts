import type { ConstraintLike } from '../constraints/index.js'
import type { InitializerLike } from '../initializers/index.js'
import type { RegularizerLike } from '../regularizers/index.js'
import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link batchNormalization}. */
export interface BatchNormalizationOptions extends LayerOptions {
  /** The axis (or axes) whose entries have statistics of their own. Default: -1, the last. */
  axis?: number | readonly number[]
  /** How slowly the moving statistics follow those of the batches. Default: 0.99. */
  momentum?: number
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
  /** Default: `'zeros'`. */
  movingMeanInitializer?: InitializerLike
  /** Default: `'ones'`. */
  movingVarianceInitializer?: InitializerLike
  /** Default: none. */
  betaRegularizer?: RegularizerLike | null
  /** Default: none. */
  gammaRegularizer?: RegularizerLike | null
  /** Default: none. */
  betaConstraint?: ConstraintLike | null
  /** Default: none. */
  gammaConstraint?: ConstraintLike | null
}

/**
 * `gamma (x - mean) / sqrt(variance + epsilon) + beta`: with mean and variance of the batch in training, with their
 * moving averages otherwise, and while the layer is frozen (Ioffe and Szegedy, 2015).
 */
export class BatchNormalization extends Layer {
  static override readonly builtin = 'BatchNormalization'

  constructor(options: BatchNormalizationOptions = {}) {
    super(options)
  }
}

builtin(BatchNormalization)

/**
 * `gamma (x - mean) / sqrt(variance + epsilon) + beta`: with mean and variance of the batch in training, with their
 * moving averages otherwise, and while the layer is frozen (Ioffe and Szegedy, 2015).
 */
export const batchNormalization = (options?: BatchNormalizationOptions) => new BatchNormalization(options)
