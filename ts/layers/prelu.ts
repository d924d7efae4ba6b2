import type { ConstraintLike } from '../constraints/index.js'
import type { InitializerLike } from '../initializers/index.js'
import type { RegularizerLike } from '../regularizers/index.js'
import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link prelu}. */
export interface PReLUOptions extends LayerOptions {
  /** First values of `alpha`. Default: `'zeros'`. */
  alphaInitializer?: InitializerLike
  /** Default: none. */
  alphaRegularizer?: RegularizerLike | null
  /** Default: none. */
  alphaConstraint?: ConstraintLike | null
  /** Axes along which elements share their `alpha`: `[1, 2]` for one a channel of an image. Default: none. */
  sharedAxes?: number | readonly number[] | null
}

/** `x` where positive, else `alpha x` with a trained `alpha` for each element of a sample (He et al., 2015). */
export class PReLU extends Layer {
  static override readonly builtin: string = 'PReLU'

  constructor(options: PReLUOptions = {}) {
    super(options)
  }
}

builtin(PReLU)

/** `x` where positive, else `alpha x` with a trained `alpha` for each element of a sample (He et al., 2015). */
export const prelu = (options?: PReLUOptions) => new PReLU(options)
