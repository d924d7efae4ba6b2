import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link rrelu}. */
export interface RReLUOptions extends LayerOptions {
  /** Default: 1/8. */
  lower?: number
  /** At least `lower`. Default: 1/3. */
  upper?: number
  /** Makes the slopes independent of the model's seed. Default: none. */
  seed?: number | null
}

/**
 * Randomized leaky ReLU: `x` where positive, else `slope x`. In training each element has a slope of its own, drawn uniformly
 * from `lower` to `upper`; otherwise all have their mean (Xu et al., 2015). Keras has no such layer.
 */
export class RReLU extends Layer {
  static override readonly builtin: string = 'RReLU'

  constructor(options: RReLUOptions = {}) {
    super(options)
  }
}

builtin(RReLU)

/**
 * Randomized leaky ReLU: `x` where positive, else `slope x`. In training each element has a slope of its own, drawn uniformly
 * from `lower` to `upper`; otherwise all have their mean (Xu et al., 2015). Keras has no such layer.
 */
export const rrelu = (options?: RReLUOptions) => new RReLU(options)
