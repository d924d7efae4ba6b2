import { Optimizer, type OptimizerOptions } from './optimizer.js'

/** Options of {@link nadam}. */
export interface NadamOptions extends OptimizerOptions {
  /** Decay of the mean of the gradients. Default: 0.9. */
  beta1?: number
  /** Decay of the mean of their squares. Default: 0.999. */
  beta2?: number
  /** Added to the root, outside. Default: 1e-7. */
  epsilon?: number
}

/** Adam with Nesterov momentum (Dozat, 2016). */
export const nadam = (options: NadamOptions = {}) => new Optimizer({ class_name: 'Nadam', config: options })
