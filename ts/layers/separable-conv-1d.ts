import type { SeparableConvOptions } from './conv-options.js'
import { builtin, Layer } from './layer.js'

/** Options of {@link separableConv1d}. */
export type SeparableConv1DOptions = SeparableConvOptions<number>

/**
 * Convolution of each channel of sequences by itself, whose results are then mixed: `[batch, steps, channels]` to
 * `[batch, positions, filters]` (Chollet, 2017).
 */
export class SeparableConv1D extends Layer {
  static override readonly builtin: string = 'SeparableConv1D'

  constructor(options: SeparableConv1DOptions) {
    super(options)
  }
}

builtin(SeparableConv1D)

/**
 * Convolution of each channel of sequences by itself, whose results are then mixed: `[batch, steps, channels]` to
 * `[batch, positions, filters]` (Chollet, 2017).
 */
export const separableConv1d = (options: SeparableConv1DOptions) => new SeparableConv1D(options)
