import type { ConvTransposeOptions } from './conv-options.js'
import type { Size2D } from './data-format.js'
import { builtin, Layer } from './layer.js'

/** Options of {@link conv2dTranspose}. */
export type Conv2DTransposeOptions = ConvTransposeOptions<Size2D>

/** Transposed convolution of images: `[batch, height, width, channels]` to `[batch, rows, columns, filters]`, longer axes (Zeiler et al., 2010). */
export class Conv2DTranspose extends Layer {
  static override readonly builtin: string = 'Conv2DTranspose'

  constructor(options: Conv2DTransposeOptions) {
    super(options)
  }
}

builtin(Conv2DTranspose)

/** Transposed convolution of images: `[batch, height, width, channels]` to `[batch, rows, columns, filters]`, longer axes (Zeiler et al., 2010). */
export const conv2dTranspose = (options: Conv2DTransposeOptions) => new Conv2DTranspose(options)
