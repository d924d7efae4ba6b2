import { builtin, Layer } from './layer.js'
import type { PoolingOptions } from './pooling-options.js'

/** Options of {@link maxPooling1d}. */
export type MaxPooling1DOptions = PoolingOptions<number>

/** The largest element of each window of sequences `[batch, steps, channels]`, channel by channel. */
export class MaxPooling1D extends Layer {
  static override readonly builtin: string = 'MaxPooling1D'

  constructor(options: MaxPooling1DOptions = {}) {
    super(options)
  }
}

builtin(MaxPooling1D)

/** The largest element of each window of sequences `[batch, steps, channels]`, channel by channel. */
export const maxPooling1d = (options?: MaxPooling1DOptions) => new MaxPooling1D(options)
