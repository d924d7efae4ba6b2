import type { DepthwiseConvOptions } from './conv-options.js'
import type { Size2D } from './data-format.js'
import { builtin, Layer } from './layer.js'

/** Options of {@link depthwiseConv2d}. */
export type DepthwiseConv2DOptions = DepthwiseConvOptions<Size2D>

/**
 * Convolution of each channel of images by itself: `[batch, height, width, channels]` to `[batch, rows, columns, channels *
 * depthMultiplier]`.
 */
export class DepthwiseConv2D extends Layer {
  static override readonly builtin: string = 'DepthwiseConv2D'

  constructor(options: DepthwiseConv2DOptions) {
    super(options)
  }
}

builtin(DepthwiseConv2D)

/**
 * Convolution of each channel of images by itself: `[batch, height, width, channels]` to `[batch, rows, columns, channels *
 * depthMultiplier]`.
 */
export const depthwiseConv2d = (options: DepthwiseConv2DOptions) => new DepthwiseConv2D(options)
