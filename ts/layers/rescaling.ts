import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link rescaling}. */
export interface RescalingOptions extends LayerOptions {
  /** A factor, or one for each channel (last axis): `1 / 255`. */
  scale: number | readonly number[]
  /** Added after that; a number, or one for each channel. Default: 0. */
  offset?: number | readonly number[]
}

/** `x * scale + offset`, in float32. */
export class Rescaling extends Layer {
  static override readonly builtin = 'Rescaling'

  constructor(options: RescalingOptions) {
    super(options)
  }
}

builtin(Rescaling)

/** `x * scale + offset`, in float32. */
export const rescaling = (options: RescalingOptions) => new Rescaling(options)
