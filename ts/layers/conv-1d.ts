import type { ConvOptions } from './conv-options.js'
import { builtin, Layer } from './layer.js'

/** Options of {@link conv1d}. */
export interface Conv1DOptions extends Omit<ConvOptions<number>, 'padding'> {
  /**
   * `'valid'`: only whole windows. `'same'`: zeros around, so that there are `ceil(steps / stride)` windows. `'causal'`:
   * zeros before, so that no window sees what comes later. Default: `'valid'`.
   */
  padding?: 'valid' | 'same' | 'causal'
}

/** Convolution of sequences: `[batch, steps, channels]` to `[batch, positions, filters]`. */
export class Conv1D extends Layer {
  static override readonly builtin: string = 'Conv1D'

  constructor(options: Conv1DOptions) {
    super(options)
  }
}

builtin(Conv1D)

/** Convolution of sequences: `[batch, steps, channels]` to `[batch, positions, filters]`. */
export const conv1d = (options: Conv1DOptions) => new Conv1D(options)
