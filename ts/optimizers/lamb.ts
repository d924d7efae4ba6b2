import { Optimizer, type OptimizerOptions } from './optimizer.js'

/** Options of {@link lamb}. */
export interface LambOptions extends OptimizerOptions {
  /** Decay of the mean of the gradients. Default: 0.9. */
  beta1?: number
  /** Decay of the mean of their squares. Default: 0.999. */
  beta2?: number
  /** Added to the root, outside. Default: 1e-7. */
  epsilon?: number
}

/** Adam with steps as long as the weights, for large batches (You et al., 2020). */
export const lamb = (options: LambOptions = {}) => new Optimizer({ class_name: 'Lamb', config: options })
