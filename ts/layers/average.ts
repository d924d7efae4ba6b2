import { builtin, Layer, type LayerOptions } from './layer.js'

/**
 * The mean `(a + b + …) / n`, element by element, of two or more inputs.
 * Shapes must be equal or broadcast; to inputs of lower rank, axes of length 1 are added after the batch.
 */
export class Average extends Layer {
  static override readonly builtin: string = 'Average'
}

builtin(Average)

/**
 * The mean `(a + b + …) / n`, element by element, of two or more inputs.
 * Shapes must be equal or broadcast; to inputs of lower rank, axes of length 1 are added after the batch.
 *
 * @example
 * const y = layers.average().apply([a, b])
 */
export const average = (options?: LayerOptions) => new Average(options)
