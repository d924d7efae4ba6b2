import { Schedule } from './schedule.js'

/** What {@link oneCycle} and {@link oneCycleMomentum} have in common. */
export interface CycleOptions {
  /** Updates of the cycle; after them the value stays. */
  totalSteps: number
  /** The fraction of the steps in which the rate rises (and the momentum falls): 0 to 1. Default: 0.3. */
  pctStart?: number
  /** Along half cosine waves or straight lines. Default: `'cos'`. */
  annealStrategy?: 'cos' | 'linear'
  /** Back to where it began as fast as it came, and only then on to the end. Default: `false`. */
  threePhase?: boolean
  name?: string
}

/** Options of {@link oneCycle}. */
export interface OneCycleOptions extends CycleOptions {
  /** The highest rate: a little below where the loss explodes, see `model.findLearningRate`. */
  maxLearningRate: number
  /** The first rate is the highest divided by this. Default: 25. */
  divFactor?: number
  /** The last rate is the first divided by this. Default: 10000. */
  finalDivFactor?: number
}

/** Options of {@link oneCycleMomentum}. */
export interface OneCycleMomentumOptions extends CycleOptions {
  /** Where the rate is highest. Default: 0.85. */
  baseMomentum?: number
  /** Where the rate is lowest. Default: 0.95. */
  maxMomentum?: number
}

/** A rate that rises once and falls once (Smith, 2018), as PyTorch's `OneCycleLR`. */
export const oneCycle = (options: OneCycleOptions) => new Schedule({ class_name: 'OneCycle', config: options })

/**
 * The momentum of a cycle, which falls while the rate rises: for `momentum` of SGD or `beta1` of Adam, beside
 * {@link oneCycle} with the same steps.
 */
export const oneCycleMomentum = (options: OneCycleMomentumOptions) =>
  new Schedule({ class_name: 'OneCycleMomentum', config: options })
