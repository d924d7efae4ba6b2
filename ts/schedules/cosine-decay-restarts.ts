import { Schedule } from './schedule.js'

/** Options of {@link cosineDecayRestarts}. */
export interface CosineDecayRestartsOptions {
  initialLearningRate: number
  /** Updates of the first period. */
  firstDecaySteps: number
  /** How much longer each next period is. Default: 2. */
  tMul?: number
  /** How much lower each next period begins. Default: 1. */
  mMul?: number
  /** The last rate of a period as a fraction of the first. Default: 0. */
  alpha?: number
}

/** Cosine decay that begins again, in ever longer periods (Loshchilov and Hutter, 2017). */
export const cosineDecayRestarts = (options: CosineDecayRestartsOptions) =>
  new Schedule({ class_name: 'CosineDecayRestarts', config: options })
