import { shapeError } from '../errors.js'
import { native } from '../native.js'
import { asTensor, type Tensor, type TensorLike } from '../tensor.js'
import type { NestedArray } from '../types.js'
import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link normalization}. */
export interface NormalizationOptions extends LayerOptions {
  /** The axis (or axes) whose entries have statistics of their own; `null`: one mean of all. Default: -1, the last. */
  axis?: number | readonly number[] | null
  /** A number, or a nested list along the axes, the last ones if it is less deep. Default: what {@link Normalization.adapt} finds. */
  mean?: NestedArray | number | null
  /** Of the same shape as `mean`, which must be given with it. */
  variance?: NestedArray | number | null
  /** Computes the way back: `mean + x max(sqrt(variance), 1e-7)`. Default: `false`. */
  invert?: boolean
}

/**
 * `(x - mean) / max(sqrt(variance), 1e-7)`, with statistics that are given or that {@link Normalization.adapt} gathers: then
 * they are the weights `mean` and `variance`, which training leaves alone, and `count`, the number of values behind each.
 */
export class Normalization extends Layer {
  static override readonly builtin: string = 'Normalization'

  constructor(options: NormalizationOptions = {}) {
    super(options)
  }

  /**
   * Gathers mean and variance from data, in one pass and not on this thread. Replaces earlier statistics.
   *
   * @param data Samples along axis 0, of any dtype; or batches of them, as a (possibly async) iterable of tensors.
   * @throws If the data have another shape than the layer was built for, or there are none.
   *
   * @example
   * const norm = layers.normalization()
   * await norm.adapt(train.x)
   */
  async adapt(data: TensorLike | Iterable<Tensor> | AsyncIterable<Tensor>): Promise<void> {
    let adaptation: InstanceType<typeof native.Adaptation> | undefined
    for await (const batch of batches(data)) {
      adaptation ??= native.adaptation(this.handle, [...batch.shape])
      const failure = await adaptation.add(batch)
      if (failure) throw Object.assign(new Error(failure.message), { code: failure.code })
    }
    if (!adaptation) throw noSamples(this.name)
    adaptation.finish()
  }
}

function noSamples(layer: string): Error {
  return shapeError(`layer '${layer}' (Normalization): received no samples to adapt to`)
}

builtin(Normalization)

/**
 * `(x - mean) / max(sqrt(variance), 1e-7)`, with statistics that are given or that {@link Normalization.adapt} gathers:
 * `const norm = layers.normalization(); await norm.adapt(train.x)`.
 */
export const normalization = (options?: NormalizationOptions) => new Normalization(options)

/** One tensor is one batch. */
async function* batches(data: TensorLike | Iterable<Tensor> | AsyncIterable<Tensor>): AsyncGenerator<Tensor> {
  const isBatches = typeof data === 'object' && !Array.isArray(data) && !ArrayBuffer.isView(data) && isIterable(data)
  if (isBatches) yield* data as AsyncIterable<Tensor>
  else yield asTensor(data as TensorLike)
}

function isIterable(data: object): boolean {
  return Symbol.iterator in data || Symbol.asyncIterator in data
}
