import { builtin, Layer } from './layer.js'
import type { GlobalPoolingOptions } from './pooling-options.js'

/** Options of {@link globalMaxPooling1d}. */
export type GlobalMaxPooling1DOptions = GlobalPoolingOptions

/** The largest element of each channel of sequences: `[batch, steps, channels]` to `[batch, channels]`. */
export class GlobalMaxPooling1D extends Layer {
  static override readonly builtin: string = 'GlobalMaxPooling1D'

  constructor(options: GlobalMaxPooling1DOptions = {}) {
    super(options)
  }
}

builtin(GlobalMaxPooling1D)

/** The largest element of each channel of sequences: `[batch, steps, channels]` to `[batch, channels]`. */
export const globalMaxPooling1d = (options?: GlobalMaxPooling1DOptions) => new GlobalMaxPooling1D(options)
