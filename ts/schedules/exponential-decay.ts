import { Schedule } from './schedule.js'

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
