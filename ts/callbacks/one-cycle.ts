import { Callback } from './callback.js'
import { integer, number, oneOf, optional, readOptions, required } from './options.js'

/** Options of {@link oneCycle}. */
export interface OneCycleOptions {
  /** The highest learning rate: a little below where the loss explodes, see `model.findLearningRate`. */
  maxLearningRate: number
  /** The first learning rate is the highest divided by this. Default: 10. */
  divFactor?: number
  /** The last learning rate is the first divided by this. Default: 1000. */
  finalDivFactor?: number
  /** The fraction of the steps in which the rate rises. Default: 0.45. */
  rise?: number
  /** The fraction of the steps at the end in which the rate falls below the first. Default: 0.1. */
  tail?: number
  /** Along straight lines or half cosine waves. Default: `'linear'`. */
  anneal?: 'linear' | 'cos'
  /** Steps of the cycle. Default: all steps of the training. */
  totalSteps?: number | null
}

const known = {
  maxLearningRate: required(number(0, { above: 0 })),
  divFactor: number(10, { min: 1 }),
  finalDivFactor: number(1000, { min: 1 }),
  rise: number(0.45, { above: 0, below: 1 }),
  tail: number(0.1, { min: 0, below: 1 }),
  anneal: oneOf<'linear' | 'cos'>('linear', 'cos'),
  totalSteps: optional(integer(2, { min: 2 })),
}

interface OneCycleState {
  step: number
  total: number
  learningRates: number[]
}

/**
 * One cycle of the learning rate (Smith, 2018): it rises from a low rate to the highest in the first half of the
 * training, falls back in the second half, and in the last steps by some powers of ten more. The momentum stays as the
 * optimizer has it. It hears of every step; a schedule of the optimizer does not need to.
 */
export class OneCycle extends Callback {
  private readonly options: ReturnType<typeof readOptions<typeof known>>
  private step = 0
  private total = 0
  /** The learning rate of each step so far. */
  readonly learningRates: number[] = []

  constructor(options: OneCycleOptions) {
    super()
    this.options = readOptions('oneCycle', options, known)
  }

  override getState(): OneCycleState {
    const { step, total, learningRates } = this
    return { step, total, learningRates: [...learningRates] }
  }

  override setState({ step, total, learningRates }: OneCycleState): void {
    this.step = step
    this.total = total
    this.learningRates.splice(0, Number.POSITIVE_INFINITY, ...learningRates)
  }

  override onTrainBegin(): void {
    this.step = 0
    this.learningRates.length = 0
    const { epochs = 1, initialEpoch = 0, steps } = this.params
    this.total = this.options.totalSteps ?? (epochs - initialEpoch) * steps
  }

  override onTrainBatchBegin(): void {
    const learningRate = this.at(this.step++)
    this.learningRates.push(learningRate)
    this.model.optimizer.learningRate = learningRate
  }

  /** The learning rate of a step, from 0. */
  private at(step: number): number {
    const { maxLearningRate: max, divFactor, finalDivFactor, rise, tail, anneal } = this.options
    const first = max / divFactor
    const at = this.total < 2 ? 1 : Math.min(step / (this.total - 1), 1)
    const end = Math.max(1 - tail, rise)
    const between = (from: number, to: number, part: number) =>
      from + (to - from) * (anneal === 'cos' ? (1 - Math.cos(Math.PI * part)) / 2 : part)
    if (at <= rise) return between(first, max, at / rise)
    if (at <= end) return between(max, first, (at - rise) / (end - rise))
    return between(first, first / finalDivFactor, (at - end) / (1 - end))
  }
}

/** One cycle of the learning rate: up, down, and down further. */
export const oneCycle = (options: OneCycleOptions) => new OneCycle(options)
