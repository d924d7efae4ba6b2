import { Callback } from '../callbacks/callback.js'
import { integer, number, readOptions } from '../callbacks/options.js'
import { configError } from '../errors.js'
import * as given from './call-options.js'
import { type Data, tensors } from './data.js'
import { fit } from './fit.js'
import type { Logs } from './history.js'
import type { Model } from './model.js'

/** How to look for a learning rate. */
export interface FindLearningRateOptions {
  /** The first learning rate. Default: 1e-6. */
  min?: number
  /** The last learning rate. Default: 10. */
  max?: number
  /** Training steps from one to the other. Default: 300. */
  steps?: number
  /** Samples a step. Default: 32. */
  batchSize?: number
  /** Stop when the smoothed loss is so many times its least. Default: 4. */
  explosion?: number
  /** Weights of the samples. */
  sampleWeight?: Data
  /** Ends the run before its next step: it rejects with an `AbortError`. */
  signal?: AbortSignal
}

const known = {
  min: number(1e-6, { above: 0 }),
  max: number(10, { above: 0 }),
  steps: integer(300, { min: 2 }),
  batchSize: integer(32, { min: 1 }),
  explosion: number(4, { above: 1 }),
  sampleWeight: given.data,
  signal: given.signal,
}

/** The losses of a training whose learning rate grew. */
export class LearningRateSearch {
  /** The learning rate of each step. */
  readonly learningRates: number[] = []
  /** The loss of each step, before its update. */
  readonly losses: number[] = []
  /** The losses, smoothed: an exponential moving average with its bias corrected. */
  readonly smoothedLosses: number[] = []

  /** A learning rate to train with: a tenth of the one at which the smoothed loss is least. */
  get suggestion(): number {
    const least = Math.min(...this.smoothedLosses)
    return (this.learningRates[this.smoothedLosses.indexOf(least)] as number) / 10
  }

  /**
   * Draws the losses over the learning rate, on a logarithmic axis.
   *
   * @param path Where the picture is written (SVG).
   * @returns The absolute path.
   */
  async plot(path: string): Promise<string> {
    const { plotCurves } = await import('../plot/index.js')
    const line = (name: string, y: number[]) => ({ name, x: this.learningRates, y })
    const lines = [line('loss', this.losses), line('smoothed', this.smoothedLosses)]
    return plotCurves([{ title: 'Loss', yLabel: 'loss', xLabel: 'Learning rate', xScale: 'log', lines }], path)
  }
}

/** Sets the learning rate of each step, which is an epoch of its own. */
class Sweep extends Callback {
  private average = 0

  constructor(
    private readonly search: LearningRateSearch,
    private readonly options: { min: number; max: number; steps: number; explosion: number },
  ) {
    super()
  }

  override onEpochBegin(step: number): void {
    const { min, max, steps } = this.options
    const learningRate = min * (max / min) ** (step / (steps - 1))
    this.model.optimizer.learningRate = learningRate
    this.search.learningRates.push(learningRate)
  }

  override onEpochEnd(step: number, { loss = Number.NaN }: Logs): void {
    const { losses, smoothedLosses, learningRates } = this.search
    this.average = smoothing * this.average + (1 - smoothing) * loss
    const smoothed = this.average / (1 - smoothing ** (step + 1))
    if (Number.isFinite(smoothed)) {
      losses.push(loss)
      smoothedLosses.push(smoothed)
      if (smoothed <= this.options.explosion * Math.min(...smoothedLosses)) return
    } else {
      learningRates.pop()
    }
    this.model.stopTraining = true
  }
}

const smoothing = 0.9

/** @internal See `Model.findLearningRate`. */
export async function findLearningRate(
  model: Model,
  x: Data,
  y: Data | undefined,
  options: FindLearningRateOptions,
): Promise<LearningRateSearch> {
  const read = readOptions('findLearningRate', options, known)
  const { min, max, steps, batchSize, sampleWeight, signal } = read
  if (min >= max) throw configError(`findLearningRate: option 'min' must be less than max (${max}); received ${min}`)
  if (model.optimizer.schedule) {
    throw configError(
      'findLearningRate: a schedule sets the learning rate of this model: compile it with a number to find one',
    )
  }
  if (!model.built) model.build(tensors('x', x, undefined)[0]?.shape ?? [])
  const before = model.model.snapshot()
  const { history } = model
  const search = new LearningRateSearch()
  try {
    await fit(model, x, y, {
      epochs: steps,
      stepsPerEpoch: 1,
      batchSize,
      stopOnNonFinite: false,
      callbacks: [new Sweep(search, read)],
      sampleWeight,
      signal,
      verbose: 0,
    })
  } finally {
    before.restore()
    model.history = history
  }
  if (search.losses.length === 0) {
    throw configError(
      `findLearningRate: the loss is not finite at the least learning rate: lower option 'min' (${min})`,
    )
  }
  return search
}
