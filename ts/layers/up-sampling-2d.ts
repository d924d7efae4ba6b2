import type { DataFormat, Size2D } from './data-format.js'
import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link upSampling2d}. */
export interface UpSampling2DOptions extends LayerOptions {
  /** Factor of height and width, at least 1, or one for each. Default: 2. */
  size?: Size2D
  /** `'nearest'` repeats rows and columns; `'bilinear'` interpolates linearly. Default: `'nearest'`. */
  interpolation?: 'nearest' | 'bilinear'
  /** Default: `'channelsLast'`. */
  dataFormat?: DataFormat
}

/** Enlarges images `[batch, height, width, channels]`. */
export class UpSampling2D extends Layer {
  static override readonly builtin: string = 'UpSampling2D'

  constructor(options: UpSampling2DOptions = {}) {
    super(options)
  }
}

builtin(UpSampling2D)

/** Enlarges images `[batch, height, width, channels]`. */
export const upSampling2d = (options?: UpSampling2DOptions) => new UpSampling2D(options)
