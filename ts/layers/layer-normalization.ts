import type { AffineOptions } from './affine-options.js'
import { builtin, Layer } from './layer.js'

/** Options of {@link layerNormalization}. */
export interface LayerNormalizationOptions extends AffineOptions {
  /** The axis (or axes) that are averaged over. Default: -1, the last. */
  axis?: number | readonly number[]
}

/**
 * `gamma (x - mean) / sqrt(variance + epsilon) + beta` with mean and variance of each sample along an axis, or over several
 * (Ba et al., 2016). `gamma` and `beta` have the lengths of the axes.
 */
export class LayerNormalization extends Layer {
  static override readonly builtin: string = 'LayerNormalization'

  constructor(options: LayerNormalizationOptions = {}) {
    super(options)
  }
}

builtin(LayerNormalization)

/**
 * `gamma (x - mean) / sqrt(variance + epsilon) + beta` with mean and variance of each sample along an axis, or over several
 * (Ba et al., 2016). `gamma` and `beta` have the lengths of the axes.
 */
export const layerNormalization = (options?: LayerNormalizationOptions) => new LayerNormalization(options)
