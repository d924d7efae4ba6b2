import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link permute}. */
export interface PermuteOptions extends LayerOptions {
  /** For each axis of the output that of the input, counted from 1 (0 is the batch, which stays). */
  dims: readonly number[]
}

/** Puts the axes of each sample into another order. */
export class Permute extends Layer {
  static override readonly builtin: string = 'Permute'

  constructor(options: PermuteOptions) {
    super(options)
  }
}

builtin(Permute)

/** Puts the axes of each sample into another order: `layers.permute({ dims: [2, 1] })` swaps two. */
export const permute = (options: PermuteOptions) => new Permute(options)
