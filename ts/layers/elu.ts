import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link elu}. */
export interface ELUOptions extends LayerOptions {
  /** Default: 1. */
  alpha?: number
}

/** `x` where positive, else `alpha (exp(x) - 1)` (Clevert et al., 2015). */
export class ELU extends Layer {
  static override readonly builtin: string = 'ELU'

  constructor(options: ELUOptions = {}) {
    super(options)
  }
}

builtin(ELU)

/** `x` where positive, else `alpha (exp(x) - 1)` (Clevert et al., 2015). */
export const elu = (options?: ELUOptions) => new ELU(options)
