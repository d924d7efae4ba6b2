import { type AdaptData, adapt } from './adapt.js'
import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link discretization}. */
export interface DiscretizationOptions extends LayerOptions {
  /** What divides the bins, ascending: bin `i` holds what is at least boundary `i - 1` and less than boundary `i`. */
  binBoundaries?: readonly number[]
  /** Instead of boundaries: into how many bins {@link Discretization.adapt} divides data, of about the same number of values. */
  numBins?: number
  /** How exactly `adapt` knows the quantiles: up to this part of the data. Default: 0.01. */
  epsilon?: number
  /**
   * `'int'` (default): the number of the bin, int32, in the shape of the inputs. `'oneHot'`, `'multiHot'`, `'count'`: as
   * those of {@link categoryEncoding}.
   */
  outputMode?: 'int' | 'oneHot' | 'one_hot' | 'multiHot' | 'multi_hot' | 'count'
}

/** The number of the bin in which each element lies. The bins are options, or quantiles of data. */
export class Discretization extends Layer {
  static override readonly builtin: string = 'Discretization'

  constructor(options: DiscretizationOptions) {
    super(options)
  }

  /**
   * Finds the boundaries of `numBins` bins: quantiles of all elements of the data, in one pass and not on this thread.
   * Replaces earlier ones. The bins become a part of what the layer is used in, so this comes first.
   *
   * @param data Samples of any dtype; or batches of them, as a (possibly async) iterable of tensors.
   * @throws If the layer was given its boundaries or was used already, an element is NaN or infinite, or there are no data.
   *
   * @example
   * const age = layers.discretization({ numBins: 10, outputMode: 'oneHot' })
   * await age.adapt(train.age)
   */
  async adapt(data: AdaptData): Promise<void> {
    await adapt(this, data)
  }
}

builtin(Discretization)

/**
 * The number of the bin in which each element lies: `layers.discretization({ binBoundaries: [0, 18, 65] })`, or
 * `layers.discretization({ numBins: 10 })` with bins that {@link Discretization.adapt} finds.
 */
export const discretization = (options: DiscretizationOptions) => new Discretization(options)
