import type { Size2D } from './data-format.js'
import { builtin, Layer } from './layer.js'
import type { PoolingOptions } from './pooling-options.js'

/** Options of {@link averagePooling2d}. */
export type AveragePooling2DOptions = PoolingOptions<Size2D>

/** The mean of each window of images `[batch, height, width, channels]`, channel by channel. */
export class AveragePooling2D extends Layer {
  static override readonly builtin: string = 'AveragePooling2D'

  constructor(options: AveragePooling2DOptions = {}) {
    super(options)
  }
}

builtin(AveragePooling2D)

/** The mean of each window of images `[batch, height, width, channels]`, channel by channel. */
export const averagePooling2d = (options?: AveragePooling2DOptions) => new AveragePooling2D(options)
