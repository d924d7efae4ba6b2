import type { Shape } from '../types.js'
import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link dropout}. */
export interface DropoutOptions extends LayerOptions {
  /** The fraction that is dropped: 0 to 1. */
  rate: number
  /** Elements share their fate along axes where this is 1; `null`: the input's length. Default: the input's shape. */
  noiseShape?: readonly (number | null)[] | Shape | null
  /** Makes the choice independent of the model's seed. Default: none. */
  seed?: number | null
}

/**
 * In training, sets random elements to 0 and scales the others by `1 / (1 - rate)`; otherwise the identity
 * (Srivastava et al., 2014).
 */
export class Dropout extends Layer {
  static override readonly builtin: string = 'Dropout'

  constructor(options: DropoutOptions) {
    super(options)
  }
}

builtin(Dropout)

/**
 * In training, sets random elements to 0 and scales the others by `1 / (1 - rate)`; otherwise the identity
 * (Srivastava et al., 2014).
 */
export const dropout = (options: DropoutOptions) => new Dropout(options)
