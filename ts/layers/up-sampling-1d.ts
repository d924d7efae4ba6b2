import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link upSampling1d}. */
export interface UpSampling1DOptions extends LayerOptions {
  /** How often; at least 1. Default: 2. */
  size?: number
}

/** Repeats each step of sequences `[batch, steps, channels]`. */
export class UpSampling1D extends Layer {
  static override readonly builtin: string = 'UpSampling1D'

  constructor(options: UpSampling1DOptions = {}) {
    super(options)
  }
}

builtin(UpSampling1D)

/** Repeats each step of sequences `[batch, steps, channels]`. */
export const upSampling1d = (options?: UpSampling1DOptions) => new UpSampling1D(options)
