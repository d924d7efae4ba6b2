import type { NestedArray } from '../types.js'
import { type AdaptData, adapt } from './adapt.js'
import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link normalization}. */
export interface NormalizationOptions extends LayerOptions {
  /** The axis (or axes) whose entries have statistics of their own; `null`: one mean of all. Default: -1, the last. */
  axis?: number | readonly number[] | null
  /** A number, or a nested list along the axes, the last ones if it is less deep. Default: what {@link Normalization.adapt} finds. */
  mean?: NestedArray | number | null
  /** Of the same shape as `mean`, which must be given with it. */
  variance?: NestedArray | number | null
  /** Computes the way back: `mean + x max(sqrt(variance), 1e-7)`. Default: `false`. */
  invert?: boolean
}

/**
 * `(x - mean) / max(sqrt(variance), 1e-7)`, with statistics that are given or that {@link Normalization.adapt} gathers: then
 * they are the weights `mean` and `variance`, which training leaves alone, and `count`, the number of values behind each.
 */
export class Normalization extends Layer {
  static override readonly builtin: string = 'Normalization'

  constructor(options: NormalizationOptions = {}) {
    super(options)
  }

  /**
   * Gathers mean and variance from data, in one pass and not on this thread. Replaces earlier statistics.
   *
   * @param data Samples along axis 0, of any dtype; or batches of them, as a (possibly async) iterable of tensors.
   * @throws If the data have another shape than the layer was built for, or there are none.
   *
   * @example
   * const norm = layers.normalization()
   * await norm.adapt(train.x)
   */
  async adapt(data: AdaptData): Promise<void> {
    await adapt(this, data)
  }
}

builtin(Normalization)

/**
 * `(x - mean) / max(sqrt(variance), 1e-7)`, with statistics that are given or that {@link Normalization.adapt} gathers:
 * `const norm = layers.normalization(); await norm.adapt(train.x)`.
 */
export const normalization = (options?: NormalizationOptions) => new Normalization(options)
