import type { ConstraintLike } from '../constraints/index.js'
import type { InitializerLike } from '../initializers/index.js'
import type { RegularizerLike } from '../regularizers/index.js'
import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link embedding}. */
export interface EmbeddingOptions extends LayerOptions {
  /** How many integers there are; at least 1. */
  inputDim: number
  /** Length of the vectors; at least 1. */
  outputDim: number
  /** First values of `embeddings` `[inputDim, outputDim]`. Default: `'randomUniform'`, from -0.05 to 0.05. */
  embeddingsInitializer?: InitializerLike
  /** Default: none. */
  embeddingsRegularizer?: RegularizerLike | null
  /** Default: none. */
  embeddingsConstraint?: ConstraintLike | null
  /**
   * Integer 0 is padding: what follows leaves those places out, as far as it heeds masks (see `layers.masking`).
   * Default: `false`.
   */
  maskZero?: boolean
}

/**
 * A trainable vector for each of the integers from 0 to `inputDim - 1`: `[batch, …]` to `[batch, …, outputDim]`. Integers out
 * of range give NaN.
 */
export class Embedding extends Layer {
  static override readonly builtin: string = 'Embedding'

  constructor(options: EmbeddingOptions) {
    super(options)
  }
}

builtin(Embedding)

/**
 * A trainable vector for each of the integers from 0 to `inputDim - 1`: `[batch, …]` to `[batch, …, outputDim]`. Integers out
 * of range give NaN.
 */
export const embedding = (options: EmbeddingOptions) => new Embedding(options)
