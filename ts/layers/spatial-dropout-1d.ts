import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link spatialDropout1d}. */
export interface SpatialDropout1DOptions extends LayerOptions {
  /** The fraction of channels that is dropped: 0 to 1. */
  rate: number
  /** Makes the choice independent of the model's seed. Default: none. */
  seed?: number | null
}

/**
 * Dropout of whole channels of sequences `[batch, steps, channels]`: in training, sets random channels to 0 and scales the
 * others by `1 / (1 - rate)`; otherwise the identity (Tompson et al., 2015).
 */
export class SpatialDropout1D extends Layer {
  static override readonly builtin: string = 'SpatialDropout1D'

  constructor(options: SpatialDropout1DOptions) {
    super(options)
  }
}

builtin(SpatialDropout1D)

/**
 * Dropout of whole channels of sequences `[batch, steps, channels]`: in training, sets random channels to 0 and scales the
 * others by `1 / (1 - rate)`; otherwise the identity (Tompson et al., 2015).
 */
export const spatialDropout1d = (options: SpatialDropout1DOptions) => new SpatialDropout1D(options)
