import type { DepthwiseConvOptions } from './conv-options.js'
import { builtin, Layer } from './layer.js'

/** Options of {@link depthwiseConv1d}. */
export type DepthwiseConv1DOptions = DepthwiseConvOptions<number>

/**
 * Convolution of each channel of sequences by itself: `[batch, steps, channels]` to `[batch, positions, channels *
 * depthMultiplier]`.
 */
export class DepthwiseConv1D extends Layer {
  static override readonly builtin: string = 'DepthwiseConv1D'

  constructor(options: DepthwiseConv1DOptions) {
    super(options)
  }
}

builtin(DepthwiseConv1D)

/**
 * Convolution of each channel of sequences by itself: `[batch, steps, channels]` to `[batch, positions, channels *
 * depthMultiplier]`.
 */
export const depthwiseConv1d = (options: DepthwiseConv1DOptions) => new DepthwiseConv1D(options)
