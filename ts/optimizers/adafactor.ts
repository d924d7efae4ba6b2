import { Optimizer, type OptimizerOptions } from './optimizer.js'

/** Options of {@link adafactor}. */
export interface AdafactorOptions extends OptimizerOptions {
  /** The power of the number of updates by which the past loses weight. At most 0. Default: -0.8. */
  beta2Decay?: number
  /** Added to the squares of gradients. Default: 1e-30. */
  epsilon1?: number
  /** The least scale of a weight, by which its steps are multiplied. Default: 1e-3. */
  epsilon2?: number
  /** Larger root mean squares of a step are cut to this, apart from `clipNorm` and its kin. Default: 1. */
  clipThreshold?: number
  /** Of Keras: the learning rate is at most `1 / sqrt(number of updates)`, whatever is given. Default: `true`. */
  relativeStep?: boolean
}

/**
 * Adafactor (Shazeer and Stern, 2018). Of the squares of a matrix of gradients it goes by means of rows and of columns; steps
 * are multiplied by the root mean square of the weight.
 */
export const adafactor = (options: AdafactorOptions = {}) => new Optimizer({ class_name: 'Adafactor', config: options })
