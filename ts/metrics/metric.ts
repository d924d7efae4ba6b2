import { inspect } from 'node:util'
import type { CustomMetricSpec, Metric as NativeMetric } from '../../native/binding.cjs'
import type { Serialized } from '../config-object.js'
import { configError, failure, shown } from '../errors.js'
import { native } from '../native.js'
import * as ops from '../ops/index.js'
import { toJson } from '../serialize.js'
import { guarded, type SymbolicTensor, traced } from '../symbolic.js'
import { asTensor, Tensor, type TensorLike } from '../tensor.js'
import type { Shape } from '../types.js'
import { Variable, variable } from '../variable.js'

/** Options that every metric has. */
export interface MetricOptions {
  /** The name in logs. Default: the class name, as `binary_accuracy`. */
  name?: string
}

function ofFunction(definition: MetricFunction, name = definition.name || 'metric'): NativeMetric {
  return native.Metric.ofFunction(name, (yTrue, yPred) =>
    traced(`metric '${name}'`, () => definition(yTrue as SymbolicTensor, yPred as SymbolicTensor)),
  )
}

/** Classes of the library. */
const builtins = new WeakSet<typeof Metric>()

/** @internal Declares a class of the library. */
export const builtinMetric = (type: typeof Metric): unknown => builtins.add(type)

/**
 * A value that is accumulated over batches.
 *
 * A mean of what a function computes needs no class: pass the function. For other metrics extend this class: make
 * variables with `addVariable`, assign them in `updateState`, and compute the metric from them in `value`. Both are called
 * while a step is traced, and run at native speed.
 *
 * @example
 * class LargestError extends metrics.Metric {
 *   largest = this.addVariable('largest')
 *   updateState(yTrue, yPred) {
 *     this.largest.assign(ops.maximum(this.largest, ops.max(ops.abs(ops.sub(yTrue, yPred)))))
 *   }
 *   value() { return ops.mul(this.largest, 1) }
 * }
 */
export class Metric {
  /** @internal */
  readonly handle: NativeMetric
  private readonly added: Variable[] = []
  private readonly isCustom: boolean

  /** @param definition Of a class that extends this one: its options. */
  constructor(definition: MetricOptions | Serialized | MetricFunction = {}, name?: string) {
    this.isCustom = new.target !== Metric && !builtins.has(new.target)
    if (this.isCustom)
      this.handle = native.Metric.custom(customSpec(this, new.target.name, definition as MetricOptions))
    else if (typeof definition === 'function') this.handle = ofFunction(definition as MetricFunction, name)
    else this.handle = native.Metric.deserialize(toJson('metric', definition))
  }

  /**
   * Makes a variable that batches add to; in a class that extends this one, while its objects are made.
   *
   * @param shape Default: a scalar.
   * @returns float32, of zeros; a reset sets it to zeros again.
   */
  addVariable(name: string, shape: Shape = []): Variable {
    if (!this.isCustom) throw configError(`metric '${this.name}': only classes that extend Metric may add variables`)
    const added = variable(ops.broadcastTo(0, shape), { name })
    this.added.push(added)
    return added
  }

  /**
   * Adds a batch of a step that is traced. Classes that extend this one implement it.
   *
   * @param _sampleWeight The weights of the samples, float32, if there are any (of `weightedMetrics`).
   */
  updateState(_yTrue: SymbolicTensor, _yPred: SymbolicTensor, _sampleWeight?: SymbolicTensor): void {
    throw configError(
      `${this.constructor.name}: the class has no updateState(yTrue, yPred, sampleWeight); implement it`,
    )
  }

  /** The metric, computed from its variables. Classes that extend this one implement it. */
  value(): SymbolicTensor | Tensor {
    throw configError(`${this.constructor.name}: the class has no value(); implement it`)
  }

  /** The name in logs. */
  get name(): string {
    return this.handle.name
  }

  /** What is accumulated. */
  get variables(): Variable[] {
    if (this.isCustom) return [...this.added]
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

  /** The options as Keras serializes them; a class of the user that has more than a name overrides it. */
  getConfig(): Record<string, unknown> {
    return this.isCustom ? { name: this.name } : this.toJSON().config
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

  /** `Metric 'precision'` in `console.log`. */
  [inspect.custom](): string {
    return `Metric '${this.name}'`
  }
}

/** What Rust knows of a metric written in JavaScript. */
function customSpec(self: Metric, className: string, options: MetricOptions): CustomMetricSpec {
  const { name, ...others } = options ?? {}
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw configError(`${className}: unknown option '${unknown}'; known options: name`)
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw configError(`${className}: option 'name' must be a string that is not empty; received ${shown(name)}`)
  }
  const snake = className.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()
  // Rust holds these functions as long as a model uses the metric; it must not keep the metric alive for ever.
  const weak = new WeakRef(self)
  const metric = (): Metric => {
    const metric = weak.deref()
    if (metric) return metric
    throw failure('GLOROT_INVALID', `a metric of the class ${className} was collected while its model is in use`)
  }
  return {
    name: name ?? snake,
    update: (...operands) => {
      const [yTrue, yPred, weight] = operands as (SymbolicTensor | null)[] as SymbolicTensor[]
      guarded(`updateState() of ${className}`, () =>
        metric().updateState(yTrue as SymbolicTensor, yPred as SymbolicTensor, weight ?? undefined),
      )
    },
    value: () => traced(`value() of ${className}`, () => metric().value()),
    variables: () => metric().variables.map(variable => variable.handle),
    config: () => {
      const config = metric().getConfig()
      const json = { module: null, class_name: className, config, registered_name: `Custom>${className}` }
      return toJson(className, json)
    },
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
