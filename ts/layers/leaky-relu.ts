import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link leakyReLU}. */
export interface LeakyReLUOptions extends LayerOptions {
  /** At least 0. Default: 0.3 (the activation function has 0.2). */
  negativeSlope?: number
}

/** `x` where positive, else `negativeSlope x` (Maas et al., 2013). */
export class LeakyReLU extends Layer {
  static override readonly builtin: string = 'LeakyReLU'

  constructor(options: LeakyReLUOptions = {}) {
    super(options)
  }
}

builtin(LeakyReLU)

/** `x` where positive, else `negativeSlope x` (Maas et al., 2013). */
export const leakyReLU = (options?: LeakyReLUOptions) => new LeakyReLU(options)
