import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link masking}. */
export interface MaskingOptions extends LayerOptions {
  /** Steps whose features all have this value do not count. Default: 0. */
  maskValue?: number
}

/**
 * Marks the steps of sequences `[batch, steps, features]` that count: those in which some feature differs from
 * `maskValue`. The others become 0. Layers that work on each step by itself pass the mask on; global average pooling, batch
 * normalization, losses and metrics leave out what does not count. Other layers (convolutions, flatten) lose the mask.
 */
export class Masking extends Layer {
  static override readonly builtin: string = 'Masking'

  constructor(options: MaskingOptions = {}) {
    super(options)
  }
}

builtin(Masking)

/** Marks the steps of sequences that count: those in which some feature differs from `maskValue`. */
export const masking = (options?: MaskingOptions) => new Masking(options)
