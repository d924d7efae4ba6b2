import type { DataFormat } from './data-format.js'
import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link zeroPadding1d}. */
export interface ZeroPadding1DOptions extends LayerOptions {
  /** Number on both sides, or `[before, after]`. Default: 1. */
  padding?: number | readonly [before: number, after: number]
  /** Default: `'channelsLast'`. */
  dataFormat?: DataFormat
}

/** Adds zeros before and after each sequence `[batch, steps, channels]`. */
export class ZeroPadding1D extends Layer {
  static override readonly builtin: string = 'ZeroPadding1D'

  constructor(options: ZeroPadding1DOptions = {}) {
    super(options)
  }
}

builtin(ZeroPadding1D)

/** Adds zeros before and after each sequence `[batch, steps, channels]`. */
export const zeroPadding1d = (options?: ZeroPadding1DOptions) => new ZeroPadding1D(options)
