import type { Size2D } from './data-format.js'
import { builtin, Layer } from './layer.js'
import type { PoolingOptions } from './pooling-options.js'

/** Options of {@link maxPooling2d}. */
export type MaxPooling2DOptions = PoolingOptions<Size2D>

/** The largest element of each window of images `[batch, height, width, channels]`, channel by channel. */
export class MaxPooling2D extends Layer {
  static override readonly builtin: string = 'MaxPooling2D'

  constructor(options: MaxPooling2DOptions = {}) {
    super(options)
  }
}

builtin(MaxPooling2D)

/** The largest element of each window of images `[batch, height, width, channels]`, channel by channel. */
export const maxPooling2d = (options?: MaxPooling2DOptions) => new MaxPooling2D(options)
