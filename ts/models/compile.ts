import type { CompileSpec, MetricSpec } from '../../native/binding.cjs'
import { integer, number, type Option, optional, readOptions, required, text } from '../callbacks/options.js'
import { configError, shown } from '../errors.js'
import { refuseFactory } from '../factories.js'
import type { LossFunction, LossLike } from '../losses/index.js'
import { Metric, type MetricLike } from '../metrics/index.js'
import { get as getOptimizer, type Optimizer, type OptimizerLike } from '../optimizers/index.js'
import { isPlainObject, toJson } from '../serialize.js'
import { traced } from '../symbolic.js'

/** One for all outputs, an array in their order, or an object by their names. */
export type PerOutput<T> = T | readonly (T | null)[] | Readonly<Record<string, T | null>>

/** How a model is trained and judged. */
export interface CompileOptions {
  /** What trains the model: an optimizer, its id, or as Keras serializes it. */
  optimizer: OptimizerLike
  /** An output without a loss has no part in training. */
  loss?: PerOutput<LossLike>
  /** Parts of the outputs in the total loss. Default: 1. */
  lossWeights?: readonly number[] | Readonly<Record<string, number>>
  /** For one output a list; for several a list of lists or an object of lists by name. They count every sample alike. */
  metrics?: PerOutput<MetricLike> | readonly (readonly MetricLike[])[] | Readonly<Record<string, readonly MetricLike[]>>
  /** The same; they count samples by their weights. */
  weightedMetrics?: CompileOptions['metrics']
  /**
   * `'cpu'`, `'cuda'` (the first GPU), `'cuda:1'`; several with commas, `'cuda:0,cuda:1'`, share the batches of a
   * training; `'auto'`: what the environment variable `GLOROT_DEVICE` names, else the first GPU if one can be used, else
   * the CPU, with a warning if there is a GPU that could not be opened. Default: `'auto'`.
   */
  device?: string
  /** Threads of the CPU. The results do not depend on it. Default: `GLOROT_THREADS`, else the number of cores. */
  threads?: number
  /**
   * How matrix products are computed: with operands in float32; in TensorFloat-32 (10 bits of fraction); in bfloat16 (7
   * bits); in float16 (10 bits, small range: the loss is scaled, as by Keras's policy `mixed_float16`). Sums, weights
   * and everything else stay float32. `'mixedBfloat16'` and `'mixedFloat16'`, after Keras's policies, mean the same. The
   * CPU computes `'tf32'` in float32, and has `'bfloat16'` where the processor has instructions for it (AVX512-BF16, see
   * `devices()`) and in products that it makes faster, else it computes in float32. Default: `'float32'`.
   */
  precision?: Precision
  /** Bytes of the GPU that all models on it may take. Default: `GLOROT_CUDA_MEMORY`, else what is free. */
  memoryLimit?: number
}

/** How matrix products are computed. */
export type Precision = 'float32' | 'tf32' | 'bfloat16' | 'float16' | 'mixedBfloat16' | 'mixedFloat16'

const anything = (expected: string): Option<unknown> => ({ fallback: undefined, expected, fits: () => true })

const known = {
  optimizer: required(anything("an optimizer, or its id, as 'nadam'")),
  loss: anything('a loss'),
  lossWeights: anything('numbers'),
  metrics: anything('metrics'),
  weightedMetrics: anything('metrics'),
  device: optional(text('auto')),
  threads: optional(integer(1, { min: 1, max: 1024 })),
  precision: optional(text('float32')),
  memoryLimit: optional(integer(0, { min: 1 })),
}

const weight = number(1)

/** @internal The options as Rust takes them, and the optimizer. */
export function compileSpec(given: CompileOptions, outputs: readonly string[]) {
  if (typeof given !== 'object' || given === null) {
    const expected = "expected an object of options, as { optimizer: 'nadam', loss: 'mse' }"
    throw configError(`compile: ${expected}; received ${shown(given)}`)
  }
  const options = readOptions('compile', given, known) as CompileOptions
  const optimizer: Optimizer = getOptimizer(options.optimizer)
  const losses = spread('loss', options.loss, outputs)
  const weights = lossWeights(options.lossWeights, outputs)
  const metrics = spreadMetrics('metrics', options.metrics, outputs)
  const weightedMetrics = spreadMetrics('weightedMetrics', options.weightedMetrics, outputs)
  const spec: CompileSpec = {
    optimizer: optimizer.handle,
    device: options.device ?? undefined,
    threads: options.threads ?? undefined,
    precision: options.precision ?? undefined,
    memoryLimit: options.memoryLimit ?? undefined,
    targets: outputs.map((_, i) => ({
      ...lossSpec(losses[i]),
      lossWeight: weights[i] ?? undefined,
      metrics: metrics[i] as MetricSpec[],
      weightedMetrics: weightedMetrics[i] as MetricSpec[],
    })),
  }
  return { spec, optimizer }
}

function lossWeights(given: CompileOptions['lossWeights'], outputs: readonly string[]) {
  const isNumber = typeof given === 'number'
  if (given != null && (isNumber ? outputs.length > 1 : !Array.isArray(given) && !isPlainObject(given))) {
    const expected = 'must be an array of numbers in the order of the outputs, or an object by their names'
    throw configError(`compile: option 'lossWeights' ${expected}; received ${shown(given)}`)
  }
  const weights = spread('lossWeights', given, outputs)
  const wrong = weights.find(value => value != null && !weight.fits(value))
  if (wrong === undefined) return weights
  throw configError(
    `compile: option 'lossWeights' must have ${weight.expected} for each output; received ${shown(wrong)}`,
  )
}

function lossSpec(loss: LossLike | null | undefined) {
  if (loss == null) return {}
  if (typeof loss === 'function' && !('toJSON' in loss)) {
    refuseFactory('compile', 'loss', loss)
    const call = (yTrue: unknown, yPred: unknown) =>
      traced(`loss '${loss.name || 'loss'}'`, () => (loss as LossFunction)(yTrue as never, yPred as never))
    return { lossFunction: call, lossName: loss.name || 'loss' }
  }
  return { loss: toJson('loss', loss) }
}

function metricSpec(metric: MetricLike): MetricSpec {
  if (metric instanceof Metric) return { metric: metric.handle }
  refuseFactory('compile', 'metrics', metric)
  return typeof metric === 'function' ? { metric: new Metric(metric).handle } : { json: toJson('metrics', metric) }
}

/** What is given for each output. */
function spread<T>(
  what: string,
  given: PerOutput<T> | readonly T[] | undefined,
  outputs: readonly string[],
): (T | null | undefined)[] {
  if (Array.isArray(given)) {
    if (given.length === outputs.length) return given
    throw configError(`compile: ${what}: expected one for each of ${outputs.length} outputs, received ${given.length}`)
  }
  return isByName(given) ? byName(what, given as Record<string, T>, outputs) : outputs.map(() => given as T)
}

function spreadMetrics(what: string, given: CompileOptions['metrics'], outputs: readonly string[]): MetricSpec[][] {
  const list = (metrics: unknown): MetricSpec[] =>
    (metrics == null ? [] : Array.isArray(metrics) ? metrics : [metrics]).map(metricSpec)
  if (isByName(given)) return byName(what, given as Record<string, unknown>, outputs).map(list)
  const isEmpty = given == null || (Array.isArray(given) && given.length === 0)
  if (isEmpty) return outputs.map(() => [])
  const perOutput = Array.isArray(given) && (outputs.length > 1 || given.some(Array.isArray))
  if (perOutput) return spread(what, given as unknown[], outputs).map(list)
  if (outputs.length > 1) {
    throw configError(`compile: ${what}: with several outputs, give an object by name or a list for each`)
  }
  return outputs.map(() => list(given))
}

/** An object by names of outputs, and not one that is itself a loss or metric. */
const isByName = (given: unknown): boolean =>
  isPlainObject(given) && !('toJSON' in given || 'class_name' in given || 'className' in given)

function byName<T>(what: string, given: Record<string, T>, outputs: readonly string[]): (T | undefined)[] {
  const names = Object.keys(given)
  const unknown = names.filter(name => !outputs.includes(name))
  if (names.length > 0 && unknown.length === 0) return outputs.map(name => given[name])
  const wrong = names.length === 0 ? 'the object is empty' : `there is no output '${unknown.join("', '")}'`
  throw configError(`compile: ${what}: ${wrong}; outputs: '${outputs.join("', '")}'`)
}
