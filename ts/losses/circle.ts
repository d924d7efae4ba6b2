import { type Loss, type LossOptions, loss } from './loss.js'

/** Options of {@link circle}. */
export interface CircleOptions extends LossOptions {
  /** What similarities are multiplied by. Default: 80. */
  gamma?: number
  /** The cosine distance at which samples count as near. Default: 0.4. */
  margin?: number
  /** A sample is not compared with itself. Default: `true`. */
  removeDiagonal?: boolean
}

/**
 * The circle loss (Sun et al., 2020), of embeddings `[n, size]` of length 1 and whole numbers `[n]` that say which samples
 * belong together: makes their distances small, the others large. All samples of a batch are compared, so batches need
 * several of each number. End the network with `layers.unitNormalization()`.
 */
export const circle = (options: CircleOptions = {}): Loss => loss({ class_name: 'Circle', config: options })
