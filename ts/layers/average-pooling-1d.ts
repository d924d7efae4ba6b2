import { builtin, Layer } from './layer.js'
import type { PoolingOptions } from './pooling-options.js'

/** Options of {@link averagePooling1d}. */
export type AveragePooling1DOptions = PoolingOptions<number>

/** The mean of each window of sequences `[batch, steps, channels]`, channel by channel. */
export class AveragePooling1D extends Layer {
  static override readonly builtin: string = 'AveragePooling1D'

  constructor(options: AveragePooling1DOptions = {}) {
    super(options)
  }
}

builtin(AveragePooling1D)

/** The mean of each window of sequences `[batch, steps, channels]`, channel by channel. */
export const averagePooling1d = (options?: AveragePooling1DOptions) => new AveragePooling1D(options)
