import { Optimizer, type OptimizerOptions } from './optimizer.js'

/** Options of {@link adagrad}. */
export interface AdagradOptions extends OptimizerOptions {
  /** What the sums of squared gradients begin with. Default: 0.1. */
  initialAccumulatorValue?: number
  /** Added inside the root. Default: 1e-7. */
  epsilon?: number
}

/** Adagrad: steps divided by the root of the sum of all squared gradients (Duchi et al., 2011). */
export const adagrad = (options: AdagradOptions = {}) => new Optimizer({ class_name: 'Adagrad', config: options })
