import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link cropping1d}. */
export interface Cropping1DOptions extends LayerOptions {
  /** Number on both sides, or `[before, after]`. Default: 1. */
  cropping?: number | readonly [before: number, after: number]
}

/** Removes elements at the start and the end of each sequence `[batch, steps, channels]`. */
export class Cropping1D extends Layer {
  static override readonly builtin: string = 'Cropping1D'

  constructor(options: Cropping1DOptions = {}) {
    super(options)
  }
}

builtin(Cropping1D)

/** Removes elements at the start and the end of each sequence `[batch, steps, channels]`. */
export const cropping1d = (options?: Cropping1DOptions) => new Cropping1D(options)
