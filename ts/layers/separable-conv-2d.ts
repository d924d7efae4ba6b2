import type { SeparableConvOptions } from './conv-options.js'
import type { Size2D } from './data-format.js'
import { builtin, Layer } from './layer.js'

/** Options of {@link separableConv2d}. */
export type SeparableConv2DOptions = SeparableConvOptions<Size2D>

/**
 * Convolution of each channel of images by itself, whose results are then mixed: `[batch, height, width, channels]` to
 * `[batch, rows, columns, filters]` (Chollet, 2017).
 */
export class SeparableConv2D extends Layer {
  static override readonly builtin: string = 'SeparableConv2D'

  constructor(options: SeparableConv2DOptions) {
    super(options)
  }
}

builtin(SeparableConv2D)

/**
 * Convolution of each channel of images by itself, whose results are then mixed: `[batch, height, width, channels]` to
 * `[batch, rows, columns, filters]` (Chollet, 2017).
 */
export const separableConv2d = (options: SeparableConv2DOptions) => new SeparableConv2D(options)
