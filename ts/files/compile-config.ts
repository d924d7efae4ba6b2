import { configError } from '../errors.js'
import { Metric } from '../metrics/index.js'
import type { CompileOptions } from '../models/compile.js'
import { native } from '../native.js'
import { Optimizer } from '../optimizers/index.js'
import { toJson } from '../serialize.js'
import { type Config, type Custom, functionName } from './custom-objects.js'
import { optimizerConfig } from './optimizer-config.js'

/**
 * The arguments of `compile` as Keras serializes them, as JSON. Functions are written by their names.
 *
 * @internal
 */
export function toKeras(options: CompileOptions, optimizer: Optimizer): string {
  // Put together as text: numbers of JavaScript would lose the point of 1.0, on which Keras insists.
  return object({
    optimizer: native.kerasOptimizer(optimizer.handle),
    loss: each(options.loss, lossToKeras),
    loss_weights: JSON.stringify(options.lossWeights ?? null),
    metrics: each(options.metrics, metricToKeras),
    weighted_metrics: each(options.weightedMetrics, metricToKeras),
    run_eagerly: 'false',
    steps_per_execution: '1',
    jit_compile: 'false',
  })
}

const object = (fields: Record<string, string>) =>
  `{${Object.entries(fields).map(([name, json]) => `${JSON.stringify(name)}:${json}`)}}`

/** One, or lists or objects of several; `null` where there is none. */
function each(given: unknown, serialize: (one: unknown) => string): string {
  if (given == null) return 'null'
  if (Array.isArray(given)) return `[${given.map(one => each(one, serialize))}]`
  if (!isByName(given)) return serialize(given)
  return object(Object.fromEntries(Object.entries(given).map(([name, one]) => [name, each(one, serialize)])))
}

/** An object by names of outputs, and not one that is itself a loss or metric. */
function isByName(value: unknown): value is Config {
  return (
    typeof value === 'object' &&
    value !== null &&
    !('class_name' in value || 'className' in value) &&
    !(value instanceof Metric)
  )
}

const lossToKeras = (loss: unknown) =>
  isFunction(loss) ? functionToKeras(loss.name || 'loss') : native.kerasLoss(toJson('loss', loss))

function metricToKeras(metric: unknown): string {
  if (isFunction(metric)) return functionToKeras(metric.name || 'metric')
  if (metric instanceof Metric && metric.handle.toJson() === 'null') return functionToKeras(metric.name)
  return native.kerasMetric(toJson('metric', metric))
}

/** A function of the user: losses of the library are functions that serialize themselves. */
const isFunction = (value: unknown): value is () => unknown => typeof value === 'function' && !('toJSON' in value)

const functionToKeras = (name: string) =>
  JSON.stringify({ module: null, class_name: 'function', config: name, registered_name: name })

/**
 * The options of `compile` from what a file has.
 *
 * @internal
 */
export function fromKeras(json: string, custom: Custom): CompileOptions {
  const given = JSON.parse(json) as Config
  const options = {
    optimizer: optimizerFromKeras(given.optimizer, custom),
    loss: read(given.loss, loss => lossFromKeras(loss, custom)),
    metrics: read(given.metrics, metric => metricFromKeras(metric, custom)),
    weightedMetrics: read(given.weighted_metrics, metric => metricFromKeras(metric, custom)),
    lossWeights: given.loss_weights ?? undefined,
  }
  return options as CompileOptions
}

function read(given: unknown, one: (value: unknown) => unknown): unknown {
  if (given == null) return undefined
  if (Array.isArray(given)) return given.map(value => read(value, one) ?? null)
  if (!isByName(given)) return one(given)
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, read(value, one) ?? null]))
}

function optimizerFromKeras(given: unknown, custom: Custom): unknown {
  // Keras 2.15 writes an id as it was given.
  if (typeof given === 'string') return given
  const { class_name: name, config } = (given ?? {}) as { class_name?: string; config?: Config }
  if (!name || !config) throw configError(`compile: the file has no optimizer; received ${JSON.stringify(given)}`)
  if (!custom.find(name)) return optimizerConfig(name, config, custom)
  const optimizer = custom.make(name, config)
  if (optimizer instanceof Optimizer) return optimizer
  throw configError(`customObjects: '${name}' stands for an optimizer and must give one`)
}

function lossFromKeras(loss: unknown, custom: Custom): unknown {
  const name = functionName(loss)
  if (name !== undefined) return custom.find(name) ?? loss
  const { class_name: type, config } = loss as { class_name: string; config: Config }
  if (custom.find(type)) return custom.make(type, config)
  const { fn, ...options } = config ?? {}
  if (type === 'LossFunctionWrapper') return wrapped(fn, options, custom)
  // Keras 2 writes the function beside the class that says the same.
  return { class_name: type, config: reduced(options) }
}

function metricFromKeras(metric: unknown, custom: Custom): unknown {
  const name = functionName(metric)
  if (name !== undefined) return custom.find(name) ?? metric
  const { class_name: type, config } = metric as { class_name: string; config: Config }
  if (custom.find(type)) return custom.make(type, config)
  const { fn, ...options } = config ?? {}
  if (['MeanMetricWrapper', 'SumOverBatchSizeMetricWrapper'].includes(type)) return wrapped(fn, options, custom)
  return { class_name: type, config: options }
}

/** A function with options; one of the user under the name that it had. */
function wrapped(fn: unknown, options: Config, custom: Custom): unknown {
  const name = functionName(fn)
  if (name === undefined) throw configError(`compile: expected the name of a function; received ${JSON.stringify(fn)}`)
  const own = custom.find(name) as ((...args: unknown[]) => unknown) | undefined
  if (!own) return { class_name: name, config: reduced(options) }
  const logged = typeof options.name === 'string' ? options.name : name
  return Object.defineProperty((...args: unknown[]) => own(...args), 'name', { value: logged })
}

/** Keras 2 lets the distribution strategy choose; without one it is the mean over the batch. */
const reduced = ({ reduction, ...options }: Config): Config => ({
  ...options,
  ...(reduction === undefined ? {} : { reduction: reduction === 'auto' ? 'sum_over_batch_size' : reduction }),
})
