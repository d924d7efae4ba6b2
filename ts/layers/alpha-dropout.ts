import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link alphaDropout}. */
export interface AlphaDropoutOptions extends LayerOptions {
  /** The fraction that is dropped: at least 0, below 1. */
  rate: number
  /** Elements share their fate along axes where this is 1; `null`: the input's length. Default: the input's shape. */
  noiseShape?: readonly (number | null)[] | null
  /** Makes the choice independent of the model's seed. Default: none. */
  seed?: number | null
}

/**
 * Dropout that keeps mean 0 and variance 1, for networks of SELU units. In training, sets random elements to SELU's limit
 * `α' = -1.7580993`, then all elements to `a x + b` with `a = ((1 - rate) (1 + rate α'²))^(-1/2)` and `b = -a rate α'`;
 * otherwise the identity (Klambauer et al., 2017).
 */
export class AlphaDropout extends Layer {
  static override readonly builtin: string = 'AlphaDropout'

  constructor(options: AlphaDropoutOptions) {
    super(options)
  }
}

builtin(AlphaDropout)

/**
 * Dropout that keeps mean 0 and variance 1, for networks of SELU units. In training, sets random elements to SELU's limit
 * `α' = -1.7580993`, then all elements to `a x + b` with `a = ((1 - rate) (1 + rate α'²))^(-1/2)` and `b = -a rate α'`;
 * otherwise the identity (Klambauer et al., 2017).
 */
export const alphaDropout = (options: AlphaDropoutOptions) => new AlphaDropout(options)
