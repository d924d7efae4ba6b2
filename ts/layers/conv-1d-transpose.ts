import type { ConvTransposeOptions } from './conv-options.js'

import { builtin, Layer } from './layer.js'

/** Options of {@link conv1dTranspose}. */
export type Conv1DTransposeOptions = ConvTransposeOptions<number>

/** Transposed convolution of sequences: `[batch, steps, channels]` to `[batch, steps, filters]`, longer axes (Zeiler et al., 2010). */
export class Conv1DTranspose extends Layer {
  static override readonly builtin: string = 'Conv1DTranspose'

  constructor(options: Conv1DTransposeOptions) {
    super(options)
  }
}

builtin(Conv1DTranspose)

/** Transposed convolution of sequences: `[batch, steps, channels]` to `[batch, steps, filters]`, longer axes (Zeiler et al., 2010). */
export const conv1dTranspose = (options: Conv1DTransposeOptions) => new Conv1DTranspose(options)
