/**
 * What a training calls at its begin and end, and at those of epochs and steps.
 *
 * @module callbacks
 */
export { Callback } from './callback.js'
export * from './early-stopping.js'
export * from './learning-rate-scheduler.js'
export type { MonitorMode, MonitorOptions } from './monitor.js'
export * from './reduce-lr-on-plateau.js'
