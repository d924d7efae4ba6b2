import type { Logs } from '../models/history.js'
import { Callback } from './callback.js'
import { logLearningRate } from './learning-rate-scheduler.js'
import { Monitor, type MonitorOptions, monitorOptions } from './monitor.js'
import { integer, number, oneOf, readOptions } from './options.js'

/** Options of {@link reduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** What the learning rate is multiplied by; less than 1. Default: 0.1. */
  factor?: number
  /** Epochs without improvement after which it is. Default: 10. */
  patience?: number
  /** What counts as better: by more than this. Default: 0.0001. */
  minDelta?: number
  /** Epochs after a reduction that do not count. Default: 0. */
  cooldown?: number
  /** The learning rate does not fall below. Default: 0. */
  minLr?: number
  /** 1: says when it acts. Default: 0. */
  verbose?: 0 | 1
}

const known = {
  ...monitorOptions,
  factor: number(0.1, { min: 0, below: 1 }),
  patience: integer(10, { min: 0 }),
  minDelta: number(1e-4),
  cooldown: integer(0, { min: 0 }),
  minLr: number(0, { min: 0 }),
  verbose: oneOf<0 | 1>(0, 1),
}

interface ReduceLROnPlateauState {
  best?: number | undefined
  wait: number
  cooling: number
}

/** Lowers the learning rate when training no longer gets better. The logs of an epoch get its `learningRate`. */
export class ReduceLROnPlateau extends Callback {
  private readonly monitor: Monitor
  private readonly options: ReturnType<typeof readOptions<typeof known>>
  private best: number | undefined
  private wait = 0
  private cooling = 0

  constructor(options?: ReduceLROnPlateauOptions) {
    super()
    this.options = readOptions('reduceLROnPlateau', options, known)
    this.monitor = new Monitor('reduceLROnPlateau', this.options)
  }

  override getState(): ReduceLROnPlateauState {
    const { best, wait, cooling } = this
    return { best, wait, cooling }
  }

  override setState({ best, wait, cooling }: ReduceLROnPlateauState): void {
    this.best = best
    this.wait = wait
    this.cooling = cooling
  }

  override onTrainBegin(): void {
    this.best = undefined
    this.wait = 0
    this.cooling = 0
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    const { factor, patience, minDelta, cooldown, minLr, verbose } = this.options
    logLearningRate(this.model, logs)
    const value = this.monitor.value(logs)
    if (value === undefined) return
    if (this.cooling > 0) {
      this.cooling--
      this.wait = 0
    }
    if (this.monitor.improves(value, this.best, minDelta)) {
      this.best = value
      this.wait = 0
    } else if (this.cooling === 0 && ++this.wait >= patience) {
      const { optimizer } = this.model
      if (optimizer.learningRate <= Math.fround(minLr)) return
      optimizer.learningRate = Math.max(optimizer.learningRate * factor, minLr)
      if (verbose) console.log(`Epoch ${epoch + 1}: learning rate reduced to ${optimizer.learningRate}`)
      this.cooling = cooldown
      this.wait = 0
    }
  }
}

/** Lowers the learning rate when training no longer gets better. */
export const reduceLROnPlateau = (options?: ReduceLROnPlateauOptions) => new ReduceLROnPlateau(options)
