import { Schedule } from './schedule.js'

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
