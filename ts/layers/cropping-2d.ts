import type { Borders2D, DataFormat } from './data-format.js'
import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link cropping2d}. */
export interface Cropping2DOptions extends LayerOptions {
  /** A number for all sides, `[height, width]`, or `[[top, bottom], [left, right]]`. Default: 0. */
  cropping?: Borders2D
  /** Default: `'channelsLast'`. */
  dataFormat?: DataFormat
}

/** Removes elements at the sides of each image `[batch, height, width, channels]`. */
export class Cropping2D extends Layer {
  static override readonly builtin: string = 'Cropping2D'

  constructor(options: Cropping2DOptions = {}) {
    super(options)
  }
}

builtin(Cropping2D)

/** Removes elements at the sides of each image `[batch, height, width, channels]`. */
export const cropping2d = (options?: Cropping2DOptions) => new Cropping2D(options)
