import type { Logs } from '../models/history.js'
import type { Tensor } from '../tensor.js'
import { Callback } from './callback.js'
import { Monitor, type MonitorOptions, monitorOptions } from './monitor.js'
import { flag, integer, number, oneOf, optional, readOptions } from './options.js'

/** Options of {@link earlyStopping}. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** What counts as better: by more than this. Default: 0. */
  minDelta?: number
  /** Epochs without improvement after which training stops. Default: 0. */
  patience?: number
  /** What must be beaten too. Default: none. */
  baseline?: number | null
  /** At the end, go back to the weights of the best epoch. Default: `false`. */
  restoreBestWeights?: boolean
  /** Epochs before this do not count. Default: 0. */
  startFromEpoch?: number
  /** 1: says when it stops. Default: 0. */
  verbose?: 0 | 1
}

const known = {
  ...monitorOptions,
  minDelta: number(0),
  patience: integer(0, { min: 0 }),
  baseline: optional(number(0)),
  restoreBestWeights: flag(false),
  startFromEpoch: integer(0, { min: 0 }),
  verbose: oneOf<0 | 1>(0, 1),
}

interface EarlyStoppingState {
  best?: number | undefined
  bestWeights?: Tensor[] | undefined
  bestEpoch: number
  wait: number
  stoppedEpoch?: number | undefined
}

/** Stops a training that no longer gets better. */
export class EarlyStopping extends Callback {
  private readonly monitor: Monitor
  private readonly options: ReturnType<typeof readOptions<typeof known>>
  private best: number | undefined
  private bestWeights: Tensor[] | undefined
  private bestEpoch = 0
  private wait = 0
  /** The epoch (from 0) in which it stopped the training. */
  stoppedEpoch: number | undefined

  constructor(options?: EarlyStoppingOptions) {
    super()
    this.options = readOptions('earlyStopping', options, known)
    this.monitor = new Monitor('earlyStopping', this.options)
  }

  override getState(): EarlyStoppingState {
    const { best, bestWeights, bestEpoch, wait, stoppedEpoch } = this
    return { best, bestWeights, bestEpoch, wait, stoppedEpoch }
  }

  override setState({ best, bestWeights, bestEpoch, wait, stoppedEpoch }: EarlyStoppingState): void {
    this.best = best
    this.bestWeights = bestWeights
    this.bestEpoch = bestEpoch
    this.wait = wait
    this.stoppedEpoch = stoppedEpoch
  }

  override onTrainBegin(): void {
    this.best = undefined
    this.bestWeights = undefined
    this.bestEpoch = 0
    this.wait = 0
    this.stoppedEpoch = undefined
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    const { minDelta, patience, baseline, restoreBestWeights, startFromEpoch } = this.options
    const value = this.monitor.value(logs)
    if (value === undefined || epoch < startFromEpoch) return
    if (restoreBestWeights && !this.bestWeights) this.keep(epoch)
    this.wait++
    if (this.monitor.improves(value, this.best, minDelta)) {
      this.best = value
      if (restoreBestWeights) this.keep(epoch)
      if (this.monitor.improves(value, baseline, minDelta)) this.wait = 0
    } else if (this.wait >= patience && epoch > 0) {
      this.stoppedEpoch = epoch
      this.model.stopTraining = true
    }
  }

  override onTrainEnd(): void {
    const { verbose } = this.options
    if (verbose && this.stoppedEpoch !== undefined) console.log(`Epoch ${this.stoppedEpoch + 1}: early stopping`)
    if (!this.bestWeights) return
    if (verbose) console.log(`Restoring the weights of the best epoch: ${this.bestEpoch + 1}`)
    this.model.setWeights(this.bestWeights)
  }

  private keep(epoch: number): void {
    this.bestWeights = this.model.getWeights()
    this.bestEpoch = epoch
  }
}

/** Stops a training that no longer gets better. */
export const earlyStopping = (options?: EarlyStoppingOptions) => new EarlyStopping(options)
