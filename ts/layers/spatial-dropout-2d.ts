import type { DataFormat } from './data-format.js'
import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link spatialDropout2d}. */
export interface SpatialDropout2DOptions extends LayerOptions {
  /** The fraction of channels that is dropped: 0 to 1. */
  rate: number
  /** Makes the choice independent of the model's seed. Default: none. */
  seed?: number | null
  /** Default: `'channelsLast'`. */
  dataFormat?: DataFormat
}

/**
 * Dropout of whole channels of images `[batch, height, width, channels]`: in training, sets random channels to 0 and scales
 * the others by `1 / (1 - rate)`; otherwise the identity (Tompson et al., 2015).
 */
export class SpatialDropout2D extends Layer {
  static override readonly builtin: string = 'SpatialDropout2D'

  constructor(options: SpatialDropout2DOptions) {
    super(options)
  }
}

builtin(SpatialDropout2D)

/**
 * Dropout of whole channels of images `[batch, height, width, channels]`: in training, sets random channels to 0 and scales
 * the others by `1 / (1 - rate)`; otherwise the identity (Tompson et al., 2015).
 */
export const spatialDropout2d = (options: SpatialDropout2DOptions) => new SpatialDropout2D(options)
