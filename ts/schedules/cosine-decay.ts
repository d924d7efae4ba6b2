import { Schedule } from './schedule.js'

/** Options of {@link cosineDecay}. */
export interface CosineDecayOptions {
  initialLearningRate: number
  decaySteps: number
  /** The last rate as a fraction of the first (or of the target). Default: 0. */
  alpha?: number
  /** The rate that a warm-up rises to. Default: no warm-up. */
  warmupTarget?: number | null
  /** Updates of the warm-up. Default: 0. */
  warmupSteps?: number
}

/** Half a cosine wave, after an optional linear warm-up (Loshchilov and Hutter, 2017). */
export const cosineDecay = (options: CosineDecayOptions) => new Schedule({ class_name: 'CosineDecay', config: options })
