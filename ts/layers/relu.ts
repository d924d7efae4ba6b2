import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link reLU}. */
export interface ReLUOptions extends LayerOptions {
  /** The result is at most this; at least 0. Default: no limit. */
  maxValue?: number | null
  /** Slope below the threshold; at least 0. Default: 0. */
  negativeSlope?: number
  /** Values below count as negative; at least 0. Default: 0. */
  threshold?: number
}

/** `max(x, 0)`; more generally `x` where greater than `threshold`, cut at `maxValue`, and `negativeSlope (x - threshold)` below. */
export class ReLU extends Layer {
  static override readonly builtin: string = 'ReLU'

  constructor(options: ReLUOptions = {}) {
    super(options)
  }
}

builtin(ReLU)

/** `max(x, 0)`; more generally `x` where greater than `threshold`, cut at `maxValue`, and `negativeSlope (x - threshold)` below. */
export const reLU = (options?: ReLUOptions) => new ReLU(options)

/** The same as {@link reLU}. */
export const relu = reLU
