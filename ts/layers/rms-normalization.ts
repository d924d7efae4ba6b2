import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link rmsNormalization}. */
export interface RMSNormalizationOptions extends LayerOptions {
  /** The axis (or axes) that are averaged over. Default: -1, the last. */
  axis?: number | readonly number[]
  /** Added to the mean of the squares. Default: 0.000001. */
  epsilon?: number
}

/**
 * `scale x / sqrt(mean(x²) + epsilon)` with the mean of each sample along an axis, or over several, and a trained `scale` of
 * their lengths (Zhang and Sennrich, 2019).
 */
export class RMSNormalization extends Layer {
  static override readonly builtin: string = 'RMSNormalization'

  constructor(options: RMSNormalizationOptions = {}) {
    super(options)
  }
}

builtin(RMSNormalization)

/**
 * `scale x / sqrt(mean(x²) + epsilon)` with the mean of each sample along an axis, or over several, and a trained `scale` of
 * their lengths (Zhang and Sennrich, 2019).
 */
export const rmsNormalization = (options?: RMSNormalizationOptions) => new RMSNormalization(options)
