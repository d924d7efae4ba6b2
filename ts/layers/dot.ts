import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link dot}. */
export interface DotOptions extends LayerOptions {
  /** The axis of both inputs, or one for each; not 0, the batch. */
  axes: number | readonly [number, number]
  /** Divides both inputs by their L2 norm along the axis first: the cosine similarity. Default: `false`. */
  normalize?: boolean
}

/**
 * The sum of products of two inputs along an axis of each, sample by sample: `[batch, a…, n]` and `[batch, n, b…]` with
 * `axes: [-1, 1]` give `[batch, a…, b…]`; if no other axes are left, `[batch, 1]`.
 */
export class Dot extends Layer {
  static override readonly builtin: string = 'Dot'

  constructor(options: DotOptions) {
    super(options)
  }
}

builtin(Dot)

/**
 * The sum of products of two inputs along an axis of each, sample by sample: `[batch, a…, n]` and `[batch, n, b…]` with
 * `axes: [-1, 1]` give `[batch, a…, b…]`; if no other axes are left, `[batch, 1]`.
 */
export const dot = (options: DotOptions) => new Dot(options)
