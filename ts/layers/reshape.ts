import type { Shape } from '../types.js'
import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link reshape}. */
export interface ReshapeOptions extends LayerOptions {
  /** Shape of a sample, without the batch; one length may be -1: what is left. */
  targetShape: Shape
}

/** Gives each sample another shape. */
export class Reshape extends Layer {
  static override readonly builtin: string = 'Reshape'

  constructor(options: ReshapeOptions) {
    super(options)
  }
}

builtin(Reshape)

/** Gives each sample another shape: `layers.reshape({ targetShape: [28, 28, 1] })`. */
export const reshape = (options: ReshapeOptions) => new Reshape(options)
