import { inspect } from 'node:util'
import type { Optimizer as NativeOptimizer } from '../../native/binding.cjs'
import { type Option, readOptions } from '../callbacks/options.js'
import type { Serialized } from '../config-object.js'
import { configError, prefixed, shown } from '../errors.js'
import { native } from '../native.js'
import { Schedule, type ScheduleFunction } from '../schedules/index.js'
import { toJson } from '../serialize.js'
import { type SymbolicTensor, traced } from '../symbolic.js'
import { asTensor, type TensorLike } from '../tensor.js'
import { Variable } from '../variable.js'

/** Options that every optimizer has. */
export interface OptimizerOptions {
  /**
   * A number, a schedule, or a function of the number of updates so far (a traced scalar), which must return a scalar
   * computed with {@link ops}. Default: 0.001, of SGD 0.01.
   */
  learningRate?: number | Schedule | ScheduleFunction
  /** Subtracts `weight * weightDecay * learningRate` before each update. Default: none (AdamW: 0.004). */
  weightDecay?: number | null
  /** Scales down each gradient that is longer than this. Default: none. */
  clipNorm?: number | null
  /** Scales down all gradients where together they are longer than this. Default: none. */
  globalClipNorm?: number | null
  /** Limits each element of the gradients to ± this. Default: none. */
  clipValue?: number | null
  /** Keep moving averages of the weights, which replace them when training ends. Default: `false`. */
  useEma?: boolean
  /** Default: 0.99. */
  emaMomentum?: number
  /** Replace the weights by their averages every so many updates too. Default: never. */
  emaOverwriteFrequency?: number | null
  /** Multiplies the loss and divides the gradients. Default: none. */
  lossScaleFactor?: number | null
  /** Update once in so many steps, by the mean of their gradients; at least 2. Default: each step. */
  gradientAccumulationSteps?: number | null
  /** Default: the class name. */
  name?: string
}

/** Which weights weight decay leaves alone. */
export interface ExcludeFromWeightDecay {
  /** These. */
  variables?: readonly Variable[]
  /** Those whose name contains one of these. */
  names?: readonly string[]
}

/** An update rule with its state. */
export class Optimizer {
  /** @internal */
  readonly handle: NativeOptimizer

  private readonly scheduleFunction: ScheduleFunction | undefined

  /** @internal */
  constructor(serialized: Serialized) {
    const [plain, schedule] = takeFunction(serialized)
    this.handle = native.Optimizer.deserialize(toJson('optimizer', plain))
    this.scheduleFunction = schedule
    if (!schedule) return
    const name = schedule.name || 'learningRate'
    this.handle.setSchedule(name, step => traced(`schedule '${name}'`, () => schedule(step as SymbolicTensor)))
  }

  /** The class name, as in Keras. */
  get className(): string {
    return this.handle.className
  }

  /** Number of updates so far. */
  get iterations(): number {
    return this.handle.iterations
  }

  /**
   * The learning rate (float32). It may be assigned, also in a callback while a model trains, unless a schedule sets it;
   * then it is that of the last update.
   */
  get learningRate(): number {
    return this.handle.learningRate
  }

  set learningRate(learningRate: number) {
    if (typeof learningRate !== 'number') {
      throw configError(`${this.className}: learningRate must be a number; received ${shown(learningRate)}`)
    }
    this.handle.learningRate = learningRate
  }

  /** The schedule (or function) that sets the learning rate. */
  get schedule(): Schedule | ScheduleFunction | undefined {
    if (this.scheduleFunction) return this.scheduleFunction
    const json = this.handle.schedule()
    return json == null ? undefined : new Schedule(JSON.parse(json))
  }

  /** The state: iterations, learning rate (unless a schedule sets it), then the slots, in Keras's order. */
  get variables(): Variable[] {
    return this.handle.variables().map(variable => new Variable(variable))
  }

  /** Updates variables once, by their gradients; always the same variables. */
  apply(gradients: readonly TensorLike[], variables: readonly Variable[]): void {
    const owner = `${this.className}: apply`
    if (!Array.isArray(gradients)) {
      throw configError(`${owner}: expected an array of gradients; received ${shown(gradients)}`)
    }
    const tensors = gradients.map((gradient, i) => prefixed(`${owner}: gradient ${i}`, () => asTensor(gradient)))
    this.handle.apply(tensors, handlesOf(owner, variables))
  }

  /** Replaces the variables by their moving averages, if the optimizer keeps them: what `fit` does at its end. */
  finalizeVariables(variables: readonly Variable[]): void {
    this.handle.finalizeVariables(handlesOf(`${this.className}: finalizeVariables`, variables))
  }

  /** Names weights that weight decay leaves alone; before the first update. */
  excludeFromWeightDecay(options: ExcludeFromWeightDecay): void {
    const owner = `${this.className}: excludeFromWeightDecay`
    const { variables, names } = readOptions(owner, options, excluded)
    this.handle.excludeFromWeightDecay(handlesOf(owner, variables), names)
  }

  /** The options as Keras serializes them, with the learning rate as it is now. */
  getConfig(): Record<string, unknown> {
    return this.toJSON().config
  }

  /** As Keras serializes it: `{ class_name, config }`. */
  toJSON(): { class_name: string; config: Record<string, unknown> } {
    return JSON.parse(this.handle.toJson())
  }

  /** `Adam { learningRate: 0.001, iterations: 0 }` in `console.log`. */
  [inspect.custom](): string {
    return `${this.className} { learningRate: ${this.learningRate}, iterations: ${this.iterations} }`
  }
}

const list = (expected: string, fits: (value: unknown) => boolean): Option<unknown[]> => ({
  fallback: [],
  expected,
  fits: value => Array.isArray(value) && value.every(fits),
})

const excluded = {
  variables: list('an array of variables', value => value instanceof Variable) as Option<Variable[]>,
  names: list('an array of strings', value => typeof value === 'string') as Option<string[]>,
}

function handlesOf(owner: string, variables: unknown) {
  if (Array.isArray(variables) && variables.every(variable => variable instanceof Variable)) {
    return variables.map(variable => variable.handle)
  }
  throw configError(`${owner}: expected an array of variables; received ${shown(variables)}`)
}

/** A configuration without the function that computes the learning rate, if it has one. */
function takeFunction(serialized: Serialized): [Serialized, ScheduleFunction | undefined] {
  if (typeof serialized !== 'object' || !serialized?.config) return [serialized, undefined]
  const { learningRate, ...config } = serialized.config as OptimizerOptions
  if (typeof learningRate !== 'function') return [serialized, undefined]
  return [{ ...serialized, config }, learningRate]
}

/** Ids of optimizers. */
export type OptimizerId =
  | 'adadelta'
  | 'adafactor'
  | 'adagrad'
  | 'adam'
  | 'adamW'
  | 'adamax'
  | 'ftrl'
  | 'lamb'
  | 'lion'
  | 'muon'
  | 'nadam'
  | 'rmsprop'
  | 'scheduleFreeAdamW'
  | 'sgd'

/** Wherever an optimizer is expected: one of this module, its id, or as Keras serializes it. */
export type OptimizerLike = Optimizer | OptimizerId | Serialized
