import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link softmax}. */
export interface SoftmaxOptions extends LayerOptions {
  /** Default: -1, the last. */
  axis?: number | readonly number[]
}

/** `exp(x) / sum(exp(x))` along an axis, or over several. */
export class Softmax extends Layer {
  static override readonly builtin: string = 'Softmax'

  constructor(options: SoftmaxOptions = {}) {
    super(options)
  }
}

builtin(Softmax)

/** `exp(x) / sum(exp(x))` along an axis, or over several. */
export const softmax = (options?: SoftmaxOptions) => new Softmax(options)
