import { builtin, Layer, type LayerOptions } from './layer.js'

/**
 * The largest element at each place of two or more inputs.
 * Shapes must be equal or broadcast; to inputs of lower rank, axes of length 1 are added after the batch.
 */
export class Maximum extends Layer {
  static override readonly builtin: string = 'Maximum'
}

builtin(Maximum)

/**
 * The largest element at each place of two or more inputs.
 * Shapes must be equal or broadcast; to inputs of lower rank, axes of length 1 are added after the batch.
 *
 * @example
 * const y = layers.maximum().apply([a, b])
 */
export const maximum = (options?: LayerOptions) => new Maximum(options)
