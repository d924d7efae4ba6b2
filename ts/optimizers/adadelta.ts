import { Optimizer, type OptimizerOptions } from './optimizer.js'

/** Options of {@link adadelta}. */
export interface AdadeltaOptions extends OptimizerOptions {
  /** Decay of the means of squares: 0 to 1. Default: 0.95. */
  rho?: number
  /** Added inside the roots. Default: 1e-7. */
  epsilon?: number
}

/** Adadelta (Zeiler, 2012). The paper's learning rate is 1. */
export const adadelta = (options: AdadeltaOptions = {}) => new Optimizer({ class_name: 'Adadelta', config: options })
