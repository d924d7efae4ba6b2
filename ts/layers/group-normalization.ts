import type { AffineOptions } from './affine-options.js'
import { builtin, Layer } from './layer.js'

/** Options of {@link groupNormalization}. */
export interface GroupNormalizationOptions extends AffineOptions {
  /** Number of groups, which must divide that of the channels; -1: each channel is one. Default: 32. */
  groups?: number
  /** The axis of the channels. Default: -1, the last. */
  axis?: number
}

/**
 * `gamma (x - mean) / sqrt(variance + epsilon) + beta` with mean and variance of each sample over the channels of a group
 * and all other axes (Wu and He, 2018).
 */
export class GroupNormalization extends Layer {
  static override readonly builtin: string = 'GroupNormalization'

  constructor(options: GroupNormalizationOptions = {}) {
    super(options)
  }
}

builtin(GroupNormalization)

/**
 * `gamma (x - mean) / sqrt(variance + epsilon) + beta` with mean and variance of each sample over the channels of a group
 * and all other axes (Wu and He, 2018).
 */
export const groupNormalization = (options?: GroupNormalizationOptions) => new GroupNormalization(options)
