import { Metric, type MetricOptions } from './metric.js'

/** Options that {@link precisionAtRecall} and its kin have in common. */
export interface AtConstraintOptions extends MetricOptions {
  /** How many thresholds from 0 to 1 are tried. Default: 200. */
  numThresholds?: number
  /** Only this class is counted. Default: all. */
  classId?: number | null
}

/** Options of {@link precisionAtRecall}. */
export interface PrecisionAtRecallOptions extends AtConstraintOptions {
  /** The recall that must be reached: 0 to 1. */
  recall: number
}

/** Options of {@link recallAtPrecision}. */
export interface RecallAtPrecisionOptions extends AtConstraintOptions {
  /** The precision that must be reached: 0 to 1. */
  precision: number
}

/** Options of {@link sensitivityAtSpecificity}. */
export interface SensitivityAtSpecificityOptions extends AtConstraintOptions {
  /** The specificity `tn / (tn + fp)` that must be reached: 0 to 1. */
  specificity: number
}

/** Options of {@link specificityAtSensitivity}. */
export interface SpecificityAtSensitivityOptions extends AtConstraintOptions {
  /** The sensitivity `tp / (tp + fn)` that must be reached: 0 to 1. */
  sensitivity: number
}

/** The best precision at a threshold where recall is at least a given one; 0 if there is none. */
export const precisionAtRecall = (options: PrecisionAtRecallOptions) =>
  new Metric({ class_name: 'PrecisionAtRecall', config: options })

/** The best recall at a threshold where precision is at least a given one; 0 if there is none. */
export const recallAtPrecision = (options: RecallAtPrecisionOptions) =>
  new Metric({ class_name: 'RecallAtPrecision', config: options })

/** The best sensitivity (recall) at a threshold where specificity is at least a given one; 0 if there is none. */
export const sensitivityAtSpecificity = (options: SensitivityAtSpecificityOptions) =>
  new Metric({ class_name: 'SensitivityAtSpecificity', config: options })

/** The best specificity at a threshold where sensitivity (recall) is at least a given one; 0 if there is none. */
export const specificityAtSensitivity = (options: SpecificityAtSensitivityOptions) =>
  new Metric({ class_name: 'SpecificityAtSensitivity', config: options })
