import { Optimizer, type OptimizerOptions } from './optimizer.js'

/** Options of {@link rmsprop}. */
export interface RmspropOptions extends OptimizerOptions {
  /** Decay of the mean of squared gradients: 0 to 1. Default: 0.9. */
  rho?: number
  /** How much of the last step is kept: 0 to 1. Default: 0. */
  momentum?: number
  /** Added inside the root. Default: 1e-7. */
  epsilon?: number
  /** Divide by the deviation rather than by the root mean square. Default: `false`. */
  centered?: boolean
}

/** RMSprop: steps divided by a running root mean square of the gradients (Tieleman and Hinton, 2012). */
export const rmsprop = (options: RmspropOptions = {}) => new Optimizer({ class_name: 'RMSprop', config: options })
