import { Optimizer, type OptimizerOptions } from './optimizer.js'

/** Options of {@link ftrl}. */
export interface FtrlOptions extends OptimizerOptions {
  /** How the learning rate falls: at most 0. Default: -0.5. */
  learningRatePower?: number
  /** What the sums of squared gradients begin with. Default: 0.1. */
  initialAccumulatorValue?: number
  /** Default: 0. */
  l1RegularizationStrength?: number
  /** Default: 0. */
  l2RegularizationStrength?: number
  /** Default: 0. */
  l2ShrinkageRegularizationStrength?: number
  /** Default: 0. */
  beta?: number
}

/** "Follow the regularized leader", whose weights are often exactly 0 (McMahan et al., 2013). */
export const ftrl = (options: FtrlOptions = {}) => new Optimizer({ class_name: 'Ftrl', config: options })
