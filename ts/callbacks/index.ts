/**
 * What a training calls at its begin and end, and at those of epochs and steps.
 *
 * @module callbacks
 */
export { BackupAndRestore, type BackupAndRestoreOptions, backupAndRestore } from './backup-and-restore.js'
export { Callback, type CallbackParams, type Done, type Hook } from './callback.js'
export * from './csv-logger.js'
export * from './early-stopping.js'
export * from './history.js'
export * from './lambda-callback.js'
export {
  type LearningRateFunction,
  LearningRateScheduler,
  type LearningRateSchedulerOptions,
  learningRateScheduler,
} from './learning-rate-scheduler.js'
export * from './model-checkpoint.js'
export type { MonitorMode, MonitorOptions } from './monitor.js'
export * from './one-cycle.js'
export * from './reduce-lr-on-plateau.js'
export * from './swap-ema-weights.js'
export * from './tensor-board.js'
export * from './terminate-on-nan.js'
