import type { Schedule } from '../schedules/index.js'
import { Optimizer, type OptimizerOptions } from './optimizer.js'

/** Options of {@link sgd}. */
export interface SgdOptions extends OptimizerOptions {
  /** How much of the last step is kept: 0 to 1, or a schedule, as {@link schedules.oneCycleMomentum}. Default: 0. */
  momentum?: number | Schedule
  /** Look ahead along the momentum (Nesterov, 1983). Default: `false`. */
  nesterov?: boolean
}

/** Gradient descent: `w -= learningRate * g`, with momentum if asked. Default learning rate: 0.01. */
export const sgd = (options: SgdOptions = {}) => new Optimizer({ class_name: 'SGD', config: options })
