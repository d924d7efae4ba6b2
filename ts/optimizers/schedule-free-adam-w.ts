import { Optimizer, type OptimizerOptions } from './optimizer.js'

/** Options of {@link scheduleFreeAdamW}. */
export interface ScheduleFreeAdamWOptions extends OptimizerOptions {
  /** How near the weights are to the average, in place of a momentum. Greater than 0, less than 1. Default: 0.9. */
  beta1?: number
  /** Decay of the mean of the squares of gradients. Default: 0.999. */
  beta2?: number
  /** Added to the root, outside. Default: 1e-8. */
  epsilon?: number
  /** Updates in which the learning rate grows from 0 to its value. Default: 0. */
  warmupSteps?: number
}

/**
 * AdamW that needs no schedule, as Keras has it (Defazio et al., 2024): gradients are taken between a sequence of weights and its
 * average. The learning rate is 0.0025 by default, weight decay none.
 */
export const scheduleFreeAdamW = (options: ScheduleFreeAdamWOptions = {}) =>
  new Optimizer({ class_name: 'ScheduleFreeAdamW', config: options })
