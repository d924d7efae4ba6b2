import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link gaussianNoise}. */
export interface GaussianNoiseOptions extends LayerOptions {
  /** Standard deviation; at least 0. */
  stddev: number
  /** Makes the numbers independent of the model's seed. Default: none. */
  seed?: number | null
}

/** In training, adds normally distributed numbers of mean 0; otherwise the identity. */
export class GaussianNoise extends Layer {
  static override readonly builtin: string = 'GaussianNoise'

  constructor(options: GaussianNoiseOptions) {
    super(options)
  }
}

builtin(GaussianNoise)

/** In training, adds normally distributed numbers of mean 0; otherwise the identity. */
export const gaussianNoise = (options: GaussianNoiseOptions) => new GaussianNoise(options)
