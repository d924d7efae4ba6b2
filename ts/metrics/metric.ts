import type { Metric as NativeMetric } from '../../native/binding.cjs'
import type { Serialized } from '../config-object.js'
import { native } from '../native.js'
import { configError, toJson } from '../serialize.js'
import { type SymbolicTensor, traced } from '../symbolic.js'
import { asTensor, Tensor, type TensorLike } from '../tensor.js'
import { Variable } from '../variable.js'

/** Options that every metric has. */
export interface MetricOptions {
  /** The name in logs. Default: the class name, as `binary_accuracy`. */
  name?: string
}

function ofFunction(definition: MetricFunction): NativeMetric {
  const name = definition.name || 'metric'
  return native.Metric.ofFunction(name, (yTrue, yPred) =>
    traced(`metric '${name}'`, definition(yTrue as SymbolicTensor, yPred as SymbolicTensor)),
  )
}

/** A value that is accumulated over batches. */
export class Metric {
  /** @internal */
  readonly handle: NativeMetric

  /** @internal */
  constructor(definition: Serialized | MetricFunction) {
    this.handle =
      typeof definition === 'function'
        ? ofFunction(definition)
        : native.Metric.deserialize(toJson('metric', definition))
  }

  /** The name in logs. */
  get name(): string {
    return this.handle.name
  }

  /** What is accumulated. */
  get variables(): Variable[] {
    return this.handle.variables().map(variable => new Variable(variable))
  }

  /** Adds a batch. `sampleWeight` has the shape of the values of the samples, or of its first axes. */
  update(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike): void {
    const operands = sampleWeight === undefined ? [yTrue, yPred] : [yTrue, yPred, sampleWeight]
    this.handle.update(operands.map(operand => asTensor(operand)))
  }

  /**
   * The value over all batches so far: a scalar, or one value a class or threshold.
   *
   * @throws `GLOROT_CONFIG` before the first batch, of a metric whose shape follows from the data.
   */
  result(): Tensor {
    return new Tensor(this.handle.result())
  }

  /** Begins anew. */
  reset(): void {
    this.handle.reset()
  }

  /** The options as Keras serializes them. */
  getConfig(): Record<string, unknown> {
    return this.toJSON().config
  }

  /**
   * As Keras serializes it: `{ class_name, config }`.
   *
   * @throws `GLOROT_CONFIG` if the metric is a function.
   */
  toJSON(): { class_name: string; config: Record<string, unknown> } {
    const json = JSON.parse(this.handle.toJson())
    if (json === null) throw configError(`metric '${this.name}' is a function and has no serialized form`)
    return json
  }
}

/**
 * A metric written in JavaScript: it is called while a step is traced, and what it computes with {@link ops} runs at
 * native speed. Its result is one number a sample, or one for the batch; the metric is their mean over all samples.
 */
export type MetricFunction = (yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor

/** Ids of metrics. `'accuracy'` means the one that fits the targets. */
export type MetricId =
  | 'acc'
  | 'accuracy'
  | 'auc'
  | 'binaryAccuracy'
  | 'binaryCrossentropy'
  | 'binaryIoU'
  | 'categoricalAccuracy'
  | 'categoricalCrossentropy'
  | 'categoricalHinge'
  | 'concordanceCorrelation'
  | 'confusionMatrix'
  | 'cosineSimilarity'
  | 'f1Score'
  | 'fBetaScore'
  | 'falseNegatives'
  | 'falsePositives'
  | 'hinge'
  | 'huber'
  | 'klDivergence'
  | 'logCoshError'
  | 'mae'
  | 'mape'
  | 'mean'
  | 'meanAbsoluteError'
  | 'meanAbsolutePercentageError'
  | 'meanSquaredError'
  | 'meanSquaredLogarithmicError'
  | 'mse'
  | 'msle'
  | 'pearsonCorrelation'
  | 'poisson'
  | 'precision'
  | 'r2Score'
  | 'recall'
  | 'rmse'
  | 'rootMeanSquaredError'
  | 'sparseCategoricalAccuracy'
  | 'sparseCategoricalCrossentropy'
  | 'sparseTopKCategoricalAccuracy'
  | 'squaredHinge'
  | 'sum'
  | 'topKCategoricalAccuracy'
  | 'trueNegatives'
  | 'truePositives'

/** Wherever a metric is expected: one of this module, a function, an id, or as Keras serializes it. */
export type MetricLike = Metric | MetricFunction | MetricId | Serialized
