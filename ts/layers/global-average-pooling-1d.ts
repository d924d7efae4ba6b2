import { builtin, Layer } from './layer.js'
import type { GlobalPoolingOptions } from './pooling-options.js'

/** Options of {@link globalAveragePooling1d}. */
export type GlobalAveragePooling1DOptions = GlobalPoolingOptions

/** The mean of each channel of sequences: `[batch, steps, channels]` to `[batch, channels]`. */
export class GlobalAveragePooling1D extends Layer {
  static override readonly builtin: string = 'GlobalAveragePooling1D'

  constructor(options: GlobalAveragePooling1DOptions = {}) {
    super(options)
  }
}

builtin(GlobalAveragePooling1D)

/** The mean of each channel of sequences: `[batch, steps, channels]` to `[batch, channels]`. */
export const globalAveragePooling1d = (options?: GlobalAveragePooling1DOptions) => new GlobalAveragePooling1D(options)
