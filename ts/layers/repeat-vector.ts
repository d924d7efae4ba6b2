import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link repeatVector}. */
export interface RepeatVectorOptions extends LayerOptions {
  /** How often; at least 1. */
  n: number
}

/** Repeats each sample: `[batch, features]` to `[batch, n, features]`. */
export class RepeatVector extends Layer {
  static override readonly builtin: string = 'RepeatVector'

  constructor(options: RepeatVectorOptions) {
    super(options)
  }
}

builtin(RepeatVector)

/** Repeats each sample: `[batch, features]` to `[batch, n, features]`. */
export const repeatVector = (options: RepeatVectorOptions) => new RepeatVector(options)
