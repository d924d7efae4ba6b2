import type { Metric as NativeMetric } from '../../native/binding.cjs'
import type { Serialized } from '../config-object.js'
import { native } from '../native.js'
import { toJson } from '../serialize.js'
import { asTensor, Tensor, type TensorLike } from '../tensor.js'
import { Variable } from '../variable.js'

/** Options that every metric has. */
export interface MetricOptions {
  /** The name in logs. Default: the class name, as `binary_accuracy`. */
  name?: string
}

/** A value that is accumulated over batches. */
export class Metric {
  /** @internal */
  readonly handle: NativeMetric

  /** @internal */
  constructor(serialized: Serialized) {
    this.handle = native.Metric.deserialize(toJson('metric', serialized))
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

  /** The value over all batches so far. */
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

  /** As Keras serializes it: `{ class_name, config }`. */
  toJSON(): { class_name: string; config: Record<string, unknown> } {
    return JSON.parse(this.handle.toJson())
  }
}

/** Ids of metrics. `'accuracy'` means the one that fits the targets. */
export type MetricId =
  | 'accuracy'
  | 'acc'
  | 'binaryAccuracy'
  | 'binaryCrossentropy'
  | 'categoricalAccuracy'
  | 'categoricalCrossentropy'
  | 'meanSquaredError'
  | 'mse'
  | 'sparseCategoricalAccuracy'
  | 'sparseCategoricalCrossentropy'

/** Wherever a metric is expected: one of this module, its id, or as Keras serializes it. */
export type MetricLike = Metric | MetricId | Serialized
