import { Metric, type MetricOptions } from './metric.js'

/** Options of {@link binaryIoU}. */
export interface BinaryIoUOptions extends MetricOptions {
  /** The classes whose mean is taken. Default: `[0, 1]`. */
  targetClassIds?: readonly number[]
  /** Predictions of at least this mean class 1. Default: 0.5. */
  threshold?: number
}

/** Options of {@link oneHotMeanIoU}. */
export interface OneHotMeanIoUOptions extends MetricOptions {
  numClasses: number
  /** Targets of this class do not count. Default: none. */
  ignoreClass?: number | null
  /** Predictions are class numbers rather than one value a class. Default: `false`. */
  sparseYPred?: boolean
  /** The axis of the classes. Default: -1. */
  axis?: number
}

/** Options of {@link oneHotIoU}. */
export interface OneHotIoUOptions extends OneHotMeanIoUOptions {
  /** The classes whose mean is taken. */
  targetClassIds: readonly number[]
}

/** Options of {@link meanIoU}. */
export interface MeanIoUOptions extends MetricOptions {
  numClasses: number
  /** Targets of this class do not count. Default: none. */
  ignoreClass?: number | null
  /** Targets are class numbers rather than one-hot. Default: `true`. */
  sparseYTrue?: boolean
  /** Predictions are class numbers rather than one value a class. Default: `true`. */
  sparseYPred?: boolean
  /** The axis of the classes where there is one. Default: -1. */
  axis?: number
}

/** Options of {@link iou}. */
export interface IoUOptions extends MeanIoUOptions {
  /** The classes whose mean is taken. */
  targetClassIds: readonly number[]
}

/** Intersection over union `tp / (tp + fp + fn)`, the mean over some classes. */
export const iou = (options: IoUOptions) => new Metric({ class_name: 'IoU', config: options })

/** Intersection over union, the mean over all classes. */
export const meanIoU = (options: MeanIoUOptions) => new Metric({ class_name: 'MeanIoU', config: options })

/** Intersection over union of yes-or-no answers. */
export const binaryIoU = (options: BinaryIoUOptions = {}) => new Metric({ class_name: 'BinaryIoU', config: options })

/** Intersection over union of one-hot targets, the mean over some classes. */
export const oneHotIoU = (options: OneHotIoUOptions) => new Metric({ class_name: 'OneHotIoU', config: options })

/** Intersection over union of one-hot targets, the mean over all classes. */
export const oneHotMeanIoU = (options: OneHotMeanIoUOptions) =>
  new Metric({ class_name: 'OneHotMeanIoU', config: options })
