import { builtin, Layer, type LayerOptions } from './layer.js'

/**
 * The smallest element at each place of two or more inputs.
 * Shapes must be equal or broadcast; to inputs of lower rank, axes of length 1 are added after the batch.
 */
export class Minimum extends Layer {
  static override readonly builtin: string = 'Minimum'
}

builtin(Minimum)

/**
 * The smallest element at each place of two or more inputs.
 * Shapes must be equal or broadcast; to inputs of lower rank, axes of length 1 are added after the batch.
 *
 * @example
 * const y = layers.minimum().apply([a, b])
 */
export const minimum = (options?: LayerOptions) => new Minimum(options)
