/**
 * Learning rates that follow the number of updates.
 *
 * @module schedules
 */
import type { Serialized } from '../config-object.js'
import { Schedule } from './schedule.js'

export { Schedule } from './schedule.js'

/** Options of {@link exponentialDecay} and {@link inverseTimeDecay}. */
export interface DecayOptions {
  initialLearningRate: number
  /** Updates over which the rate decays once. */
  decaySteps: number
  decayRate: number
  /** Decay in steps rather than continuously. Default: `false`. */
  staircase?: boolean
}

/** `initialLearningRate * decayRate ** (step / decaySteps)`. */
export const exponentialDecay = (options: DecayOptions) =>
  new Schedule({ class_name: 'ExponentialDecay', config: options })

/** `initialLearningRate / (1 + decayRate * step / decaySteps)`. */
export const inverseTimeDecay = (options: DecayOptions) =>
  new Schedule({ class_name: 'InverseTimeDecay', config: options })

/** Options of {@link piecewiseConstantDecay}. */
export interface PiecewiseConstantOptions {
  /** Ascending numbers of updates: the last one, still, of each value. */
  boundaries: readonly number[]
  /** The rates between them: one more than boundaries. */
  values: readonly number[]
}

/** A rate for each interval of updates. */
export const piecewiseConstantDecay = (options: PiecewiseConstantOptions) =>
  new Schedule({ class_name: 'PiecewiseConstantDecay', config: options })

/** Options of {@link polynomialDecay}. */
export interface PolynomialDecayOptions {
  initialLearningRate: number
  decaySteps: number
  /** Default: 0.0001. */
  endLearningRate?: number
  /** Default: 1, a straight line. */
  power?: number
  /** Begin again, over multiples of `decaySteps`, rather than stay at the end. Default: `false`. */
  cycle?: boolean
}

/** From the initial to the end rate along a polynomial. */
export const polynomialDecay = (options: PolynomialDecayOptions) =>
  new Schedule({ class_name: 'PolynomialDecay', config: options })

/** Options of {@link cosineDecay}. */
export interface CosineDecayOptions {
  initialLearningRate: number
  decaySteps: number
  /** The last rate as a fraction of the first (or of the target). Default: 0. */
  alpha?: number
  /** The rate that a warm-up rises to. Default: no warm-up. */
  warmupTarget?: number | null
  /** Updates of the warm-up. Default: 0. */
  warmupSteps?: number
}

/** Half a cosine wave, after an optional linear warm-up (Loshchilov and Hutter, 2017). */
export const cosineDecay = (options: CosineDecayOptions) => new Schedule({ class_name: 'CosineDecay', config: options })

/** Options of {@link cosineDecayRestarts}. */
export interface CosineDecayRestartsOptions {
  initialLearningRate: number
  /** Updates of the first period. */
  firstDecaySteps: number
  /** How much longer each next period is. Default: 2. */
  tMul?: number
  /** How much lower each next period begins. Default: 1. */
  mMul?: number
  /** The last rate of a period as a fraction of the first. Default: 0. */
  alpha?: number
}

/** Cosine decay that begins again, in ever longer periods (Loshchilov and Hutter, 2017). */
export const cosineDecayRestarts = (options: CosineDecayRestartsOptions) =>
  new Schedule({ class_name: 'CosineDecayRestarts', config: options })

/**
 * A schedule from what Keras serializes.
 *
 * @throws `GLOROT_CONFIG`, which names an unknown class or option, or one of a wrong type.
 */
export const deserialize = (serialized: Serialized): Schedule => new Schedule(serialized)
