import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link gaussianDropout}. */
export interface GaussianDropoutOptions extends LayerOptions {
  /** The rate of dropout with the same variance: at least 0, below 1. */
  rate: number
  /** Makes the numbers independent of the model's seed. Default: none. */
  seed?: number | null
}

/**
 * In training, multiplies by normally distributed numbers of mean 1 and standard deviation `sqrt(rate / (1 - rate))`; otherwise
 * the identity (Srivastava et al., 2014).
 */
export class GaussianDropout extends Layer {
  static override readonly builtin: string = 'GaussianDropout'

  constructor(options: GaussianDropoutOptions) {
    super(options)
  }
}

builtin(GaussianDropout)

/**
 * In training, multiplies by normally distributed numbers of mean 1 and standard deviation `sqrt(rate / (1 - rate))`; otherwise
 * the identity (Srivastava et al., 2014).
 */
export const gaussianDropout = (options: GaussianDropoutOptions) => new GaussianDropout(options)
