import { Initializer, type SeedOptions } from './initializer.js'

/** Options of {@link varianceScaling}. */
export interface VarianceScalingOptions extends SeedOptions {
  /** The variance is `scale / fan`. Positive. Default: 1. */
  scale?: number
  /** Which fan: of the inputs, of the outputs, or the mean of both. Default: `'fanIn'`. */
  mode?: 'fanIn' | 'fanOut' | 'fanAvg' | 'fan_in' | 'fan_out' | 'fan_avg'
  /** Default: `'truncatedNormal'`, cut at two standard deviations. */
  distribution?: 'truncatedNormal' | 'untruncatedNormal' | 'uniform' | 'truncated_normal' | 'untruncated_normal'
}

/** Random values whose variance follows from the number of inputs and outputs. */
export const varianceScaling = (options: VarianceScalingOptions = {}) =>
  new Initializer({ class_name: 'VarianceScaling', config: options })
