import { Schedule } from './schedule.js'

/** Options of {@link piecewiseConstantDecay}. */
export interface PiecewiseConstantOptions {
  /** Ascending numbers of updates: the last one, still, of each value. */
  boundaries: readonly number[]
  /** The rates between them: one more than boundaries. */
  values: readonly number[]
}

/** A rate for each interval of updates. */
export const piecewiseConstantDecay = (options: PiecewiseConstantOptions) =>
  new Schedule({ class_name: 'PiecewiseConstantDecay', config: options })
