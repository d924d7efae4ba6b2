import { builtin, Layer } from './layer.js'
import type { GlobalPoolingOptions } from './pooling-options.js'

/** Options of {@link globalMaxPooling2d}. */
export type GlobalMaxPooling2DOptions = GlobalPoolingOptions

/** The largest element of each channel of images: `[batch, height, width, channels]` to `[batch, channels]`. */
export class GlobalMaxPooling2D extends Layer {
  static override readonly builtin: string = 'GlobalMaxPooling2D'

  constructor(options: GlobalMaxPooling2DOptions = {}) {
    super(options)
  }
}

builtin(GlobalMaxPooling2D)

/** The largest element of each channel of images: `[batch, height, width, channels]` to `[batch, channels]`. */
export const globalMaxPooling2d = (options?: GlobalMaxPooling2DOptions) => new GlobalMaxPooling2D(options)
