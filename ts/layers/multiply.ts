import { builtin, Layer, type LayerOptions } from './layer.js'

/**
 * The product `a · b · …`, element by element, of two or more inputs.
 * Shapes must be equal or broadcast; to inputs of lower rank, axes of length 1 are added after the batch.
 */
export class Multiply extends Layer {
  static override readonly builtin: string = 'Multiply'
}

builtin(Multiply)

/**
 * The product `a · b · …`, element by element, of two or more inputs.
 * Shapes must be equal or broadcast; to inputs of lower rank, axes of length 1 are added after the batch.
 *
 * @example
 * const y = layers.multiply().apply([a, b])
 */
export const multiply = (options?: LayerOptions) => new Multiply(options)
