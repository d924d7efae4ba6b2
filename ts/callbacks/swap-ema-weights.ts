import { configError } from '../errors.js'
import { Variable } from '../variable.js'
import { Callback } from './callback.js'
import { flag, readOptions } from './options.js'

/** Options of {@link swapEMAWeights}. */
export interface SwapEMAWeightsOptions {
  /** The averages are in the model from the end of an epoch to the begin of the next too: for checkpoints. Default: `false`. */
  swapOnEpoch?: boolean
}

const known = { swapOnEpoch: flag(false) }

/**
 * Evaluates (and predicts) with the moving averages of the weights, which the optimizer keeps under `useEma`: they are
 * swapped with the weights before, and back afterwards.
 */
export class SwapEMAWeights extends Callback {
  private readonly swapOnEpoch: boolean
  /** Whether the averages are in the model. */
  private swapped = false

  constructor(options?: SwapEMAWeightsOptions) {
    super()
    this.swapOnEpoch = readOptions('swapEMAWeights', options, known).swapOnEpoch
  }

  override onEpochBegin(): void {
    if (this.swapOnEpoch) this.swap(false)
  }

  override onEpochEnd(epoch: number): void {
    if (!this.swapOnEpoch) return
    this.swap(true)
    // The training ends with the averages as weights, and they are there already.
    if (epoch + 1 === this.params.epochs) {
      for (const [weight, average] of this.pairs()) average.assign(weight.value())
    }
  }

  override onTestBegin(): void {
    this.swap(true)
  }

  override onTestEnd(): void {
    this.swap(false)
  }

  override onPredictBegin(): void {
    this.swap(true)
  }

  override onPredictEnd(): void {
    this.swap(false)
  }

  /** Puts the averages into the model, or the weights back. */
  private swap(averages: boolean): void {
    if (this.swapped === averages) return
    for (const [weight, average] of this.pairs()) {
      const value = weight.value()
      weight.assign(average.value())
      average.assign(value)
    }
    this.swapped = averages
  }

  private pairs(): [weight: Variable, average: Variable][] {
    const { handle } = this.model.optimizer
    const averages = handle.averages()
    if (averages.length === 0) {
      throw configError(
        'swapEMAWeights: there are no averages of the weights: give the optimizer the option useEma: true, and train first',
      )
    }
    return handle
      .averaged()
      .map((weight, i) => [new Variable(weight), new Variable(averages[i] as (typeof averages)[0])])
  }
}

/** Evaluates with the moving averages of the weights. */
export const swapEMAWeights = (options?: SwapEMAWeightsOptions) => new SwapEMAWeights(options)
