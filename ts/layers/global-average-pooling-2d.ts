import { builtin, Layer } from './layer.js'
import type { GlobalPoolingOptions } from './pooling-options.js'

/** Options of {@link globalAveragePooling2d}. */
export type GlobalAveragePooling2DOptions = GlobalPoolingOptions

/** The mean of each channel of images: `[batch, height, width, channels]` to `[batch, channels]`. */
export class GlobalAveragePooling2D extends Layer {
  static override readonly builtin: string = 'GlobalAveragePooling2D'

  constructor(options: GlobalAveragePooling2DOptions = {}) {
    super(options)
  }
}

builtin(GlobalAveragePooling2D)

/** The mean of each channel of images: `[batch, height, width, channels]` to `[batch, channels]`. */
export const globalAveragePooling2d = (options?: GlobalAveragePooling2DOptions) => new GlobalAveragePooling2D(options)
