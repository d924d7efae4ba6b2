import type { Serialized } from '../config-object.js'
import { native } from '../native.js'
import { fromNative, type Operand, type Result, toNative } from '../ops/run.js'
import { toJson } from '../serialize.js'
import type { SymbolicTensor } from '../symbolic.js'

/** How the losses of the samples, times their weights, become one number. */
export type Reduction =
  | 'sumOverBatchSize'
  | 'mean'
  | 'sum'
  | 'meanWithSampleWeight'
  | 'none'
  | 'sum_over_batch_size'
  | 'mean_with_sample_weight'
  | null

/** Options that every loss has. */
export interface LossOptions {
  /** `'none'`: one number a sample. Default: `'sumOverBatchSize'`, their mean, whatever the weights. */
  reduction?: Reduction
  /** Default: the name of the loss. */
  name?: string
}

/** A function of targets and predictions, usable on its own. */
export interface Loss {
  /** The loss of a batch, reduced. `sampleWeight` has the shape of the losses of the samples. */
  <A extends Operand, B extends Operand>(yTrue: A, yPred: B, sampleWeight?: Operand): Result<A, B>
  /** The options as Keras serializes them. */
  getConfig(): Record<string, unknown>
  /** As Keras serializes it: `{ class_name, config }`. */
  toJSON(): { class_name: string; config: Record<string, unknown> }
}

/**
 * A loss written in JavaScript: it is called while a step is traced, and what it computes with {@link ops} runs at native
 * speed. Its result is one number, or one a sample, whose mean is taken.
 */
export type LossFunction = (yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor

/** Ids of losses. `'crossentropy'` means the one that fits the targets. */
export type LossId =
  | 'binaryCrossentropy'
  | 'binaryFocalCrossentropy'
  | 'categoricalCrossentropy'
  | 'categoricalFocalCrossentropy'
  | 'categoricalGeneralizedCrossEntropy'
  | 'categoricalHinge'
  | 'circle'
  | 'cosineSimilarity'
  | 'crossentropy'
  | 'dice'
  | 'hinge'
  | 'huber'
  | 'klDivergence'
  | 'kld'
  | 'logCosh'
  | 'mae'
  | 'mape'
  | 'meanAbsoluteError'
  | 'meanAbsolutePercentageError'
  | 'meanSquaredError'
  | 'meanSquaredLogarithmicError'
  | 'mse'
  | 'msle'
  | 'poisson'
  | 'sparseCategoricalCrossentropy'
  | 'squaredHinge'
  | 'tversky'

/** Wherever a loss is expected: one of this module, a function, an id, or as Keras serializes it. */
export type LossLike = LossFunction | LossId | Serialized

/**
 * Makes a function of a loss's configuration, which is checked now.
 *
 * @internal
 */
export function loss(serialized: Serialized): Loss {
  const json = native.canonicalLoss(toJson('loss', serialized))
  const call = (yTrue: Operand, yPred: Operand, sampleWeight?: Operand) => {
    const operands = sampleWeight === undefined ? [yTrue, yPred] : [yTrue, yPred, sampleWeight]
    return fromNative(native.callLoss(json, operands.map(toNative)))
  }
  const toJSON = () => JSON.parse(json)
  return Object.assign(call, { toJSON, getConfig: () => toJSON().config }) as Loss
}
