import { Optimizer, type OptimizerOptions } from './optimizer.js'

/** Options of {@link lion}. */
export interface LionOptions extends OptimizerOptions {
  /** How much of the mean of the gradients the step takes. Default: 0.9. */
  beta1?: number
  /** Decay of that mean. Default: 0.99. */
  beta2?: number
}

/** Steps by the sign of a momentum (Chen et al., 2023): use a tenth of Adam's learning rate. */
export const lion = (options: LionOptions = {}) => new Optimizer({ class_name: 'Lion', config: options })
