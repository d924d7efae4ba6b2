import type { Borders2D, DataFormat } from './data-format.js'
import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link zeroPadding2d}. */
export interface ZeroPadding2DOptions extends LayerOptions {
  /** A number for all sides, `[height, width]`, or `[[top, bottom], [left, right]]`. Default: 1. */
  padding?: Borders2D
  /** Default: `'channelsLast'`. */
  dataFormat?: DataFormat
}

/** Adds zeros around each image `[batch, height, width, channels]`. */
export class ZeroPadding2D extends Layer {
  static override readonly builtin: string = 'ZeroPadding2D'

  constructor(options: ZeroPadding2DOptions = {}) {
    super(options)
  }
}

builtin(ZeroPadding2D)

/** Adds zeros around each image `[batch, height, width, channels]`. */
export const zeroPadding2d = (options?: ZeroPadding2DOptions) => new ZeroPadding2D(options)
