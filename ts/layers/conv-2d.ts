import type { ConvOptions } from './conv-options.js'
import type { Size2D } from './data-format.js'
import { builtin, Layer } from './layer.js'

/** Options of {@link conv2d}. */
export type Conv2DOptions = ConvOptions<Size2D>

/** Convolution of images: `[batch, height, width, channels]` to `[batch, rows, columns, filters]`. */
export class Conv2D extends Layer {
  static override readonly builtin: string = 'Conv2D'

  constructor(options: Conv2DOptions) {
    super(options)
  }
}

builtin(Conv2D)

/** Convolution of images: `[batch, height, width, channels]` to `[batch, rows, columns, filters]`. */
export const conv2d = (options: Conv2DOptions) => new Conv2D(options)
