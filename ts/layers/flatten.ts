import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link flatten}. */
export interface FlattenOptions extends LayerOptions {
  /** `'channelsFirst'`: the channels are axis 1, and become the last one first. Default: `'channelsLast'`. */
  dataFormat?: 'channelsLast' | 'channelsFirst' | 'channels_last' | 'channels_first'
}

/** Joins all axes but the batch: `[batch, 28, 28]` to `[batch, 784]`. */
export class Flatten extends Layer {
  static override readonly builtin = 'Flatten'

  constructor(options: FlattenOptions = {}) {
    super(options)
  }
}

builtin(Flatten)

/** Joins all axes but the batch: `[batch, 28, 28]` to `[batch, 784]`. */
export const flatten = (options?: FlattenOptions) => new Flatten(options)
