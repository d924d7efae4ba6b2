import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link concatenate}. */
export interface ConcatenateOptions extends LayerOptions {
  /** Default: -1, the last. */
  axis?: number
}

/** Inputs one after the other along an axis; their other axes must be equal. */
export class Concatenate extends Layer {
  static override readonly builtin = 'Concatenate'

  constructor(options: ConcatenateOptions = {}) {
    super(options)
  }
}

builtin(Concatenate)

/** Inputs one after the other along an axis: `layers.concatenate().apply([x, y])`. */
export const concatenate = (options?: ConcatenateOptions) => new Concatenate(options)
