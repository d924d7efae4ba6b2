import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link unitNormalization}. */
export interface UnitNormalizationOptions extends LayerOptions {
  /** The axis (or axes) whose elements make up a vector. Default: -1, the last. */
  axis?: number | readonly number[]
}

/** `x / |x|` with the Euclidean length of each sample along an axis, or over several. */
export class UnitNormalization extends Layer {
  static override readonly builtin: string = 'UnitNormalization'

  constructor(options: UnitNormalizationOptions = {}) {
    super(options)
  }
}

builtin(UnitNormalization)

/** `x / |x|` with the Euclidean length of each sample along an axis, or over several. */
export const unitNormalization = (options?: UnitNormalizationOptions) => new UnitNormalization(options)
