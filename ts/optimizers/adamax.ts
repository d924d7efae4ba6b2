import { Optimizer, type OptimizerOptions } from './optimizer.js'

/** Options of {@link adamax}. */
export interface AdamaxOptions extends OptimizerOptions {
  /** Decay of the mean of the gradients. Default: 0.9. */
  beta1?: number
  /** Decay of their largest absolute value. Default: 0.999. */
  beta2?: number
  /** Added to the divisor. Default: 1e-7. */
  epsilon?: number
}

/** Adam with the largest gradient in place of the root mean square (Kingma and Ba, 2015). */
export const adamax = (options: AdamaxOptions = {}) => new Optimizer({ class_name: 'Adamax', config: options })
