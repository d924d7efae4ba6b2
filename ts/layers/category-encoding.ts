import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link categoryEncoding}. */
export interface CategoryEncodingOptions extends LayerOptions {
  /** How many categories there are: inputs are integers from 0 to `numTokens - 1`. */
  numTokens: number
  /**
   * - `'multiHot'` (default): a vector for each sample, 1 where a category occurs: `[batch, n]` to `[batch, numTokens]`.
   * - `'oneHot'`: a vector for each category: `[batch, n]` to `[batch, n, numTokens]`, `[batch]` and `[batch, 1]` to
   *   `[batch, numTokens]`.
   * - `'count'`: as `'multiHot'`, with the number of times that a category occurs.
   */
  outputMode?: 'multiHot' | 'multi_hot' | 'oneHot' | 'one_hot' | 'count'
}

/**
 * Integers that stand for categories, as vectors that dense layers can use. Where the layer takes an input of the model as it is,
 * integers out of range are an error before the first step; elsewhere they become zeros.
 */
export class CategoryEncoding extends Layer {
  static override readonly builtin = 'CategoryEncoding'

  constructor(options: CategoryEncodingOptions) {
    super(options)
  }
}

builtin(CategoryEncoding)

/** Integers that stand for categories, as vectors that dense layers can use: `layers.categoryEncoding({ numTokens: 12 })`. */
export const categoryEncoding = (options: CategoryEncodingOptions) => new CategoryEncoding(options)
