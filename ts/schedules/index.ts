/**
 * Learning rates (and momenta) that follow the number of updates.
 *
 * @module schedules
 */
import type { Serialized } from '../config-object.js'
import { Schedule } from './schedule.js'

export * from './cosine-decay.js'
export * from './cosine-decay-restarts.js'
export * from './exponential-decay.js'
export * from './one-cycle.js'
export * from './piecewise-constant-decay.js'
export * from './polynomial-decay.js'
export { Schedule, type ScheduleFunction } from './schedule.js'

/**
 * A schedule from what Keras serializes.
 *
 * @throws `GLOROT_CONFIG`, which names an unknown class or option, or one of a wrong type.
 */
export const deserialize = (serialized: Serialized): Schedule => new Schedule(serialized)
