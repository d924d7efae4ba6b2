import type { Schedule } from '../schedules/index.js'
import { Optimizer, type OptimizerOptions } from './optimizer.js'

/** Options of {@link adam} and {@link adamW}. */
export interface AdamOptions extends OptimizerOptions {
  /** Decay of the mean of the gradients, or a schedule, as {@link schedules.oneCycleMomentum}. Default: 0.9. */
  beta1?: number | Schedule
  /** Decay of the mean of their squares. Default: 0.999. */
  beta2?: number
  /** Added to the root, outside. Default: 1e-7. */
  epsilon?: number
  /** Divide by the largest mean of squares so far (Reddi et al., 2018). Default: `false`. */
  amsgrad?: boolean
}

/** Adam (Kingma and Ba, 2015). */
export const adam = (options: AdamOptions = {}) => new Optimizer({ class_name: 'Adam', config: options })

/** Adam with weight decay, 0.004 by default (Loshchilov and Hutter, 2019). */
export const adamW = (options: AdamOptions = {}) => new Optimizer({ class_name: 'AdamW', config: options })
