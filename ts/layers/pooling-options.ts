import type { DataFormat } from './data-format.js'
import type { LayerOptions } from './layer.js'

/** Options of pooling layers. */
export interface PoolingOptions<Size> extends LayerOptions {
  /** Size of the windows; at least 1. Default: 2. */
  poolSize?: Size
  /** Steps between windows. Default: the pool size, windows side by side. */
  strides?: Size | null
  /**
   * `'valid'`: only whole windows. `'same'`: as many as `ceil(length / stride)`, cut off at the sides.
   * Default: `'valid'`.
   */
  padding?: 'valid' | 'same'
  /** Default: `'channelsLast'`. */
  dataFormat?: DataFormat
}

/** Options of global pooling layers. */
export interface GlobalPoolingOptions extends LayerOptions {
  /** Default: `'channelsLast'`. */
  dataFormat?: DataFormat
  /** Whether the spatial axes stay, with length 1. Default: `false`. */
  keepDims?: boolean
}
