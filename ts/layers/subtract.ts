import { builtin, Layer, type LayerOptions } from './layer.js'

/**
 * The difference `a - b` of two inputs.
 * Shapes must be equal or broadcast; to inputs of lower rank, axes of length 1 are added after the batch.
 */
export class Subtract extends Layer {
  static override readonly builtin: string = 'Subtract'
}

builtin(Subtract)

/**
 * The difference `a - b` of two inputs.
 * Shapes must be equal or broadcast; to inputs of lower rank, axes of length 1 are added after the batch.
 *
 * @example
 * const y = layers.subtract().apply([a, b])
 */
export const subtract = (options?: LayerOptions) => new Subtract(options)
