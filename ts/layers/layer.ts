import type { Layer as NativeLayer } from '../../native/binding.cjs'
import type { ConstraintLike } from '../constraints/index.js'
import type { InitializerLike } from '../initializers/index.js'
import { native } from '../native.js'
import { fromNative, type Operand, type Result, toNative } from '../ops/run.js'
import type { RegularizerLike } from '../regularizers/index.js'
import { toJson } from '../serialize.js'
import { type SymbolicTensor, traced } from '../symbolic.js'
import { asTensor, type Tensor, type TensorLike } from '../tensor.js'
import type { DType, Shape } from '../types.js'
import { Variable } from '../variable.js'
import { ModelTensor } from './model-tensor.js'
import { register } from './registry.js'

/** Options that every layer has. */
export interface LayerOptions {
  /** Unique in a model. Default: the class name and a number, as `dense_1`. */
  name?: string
  /** Whether training changes the weights. Default: `true`. */
  trainable?: boolean
  /** Shape of one sample, where the layer is the first of a sequential model without `input()`. */
  inputShape?: Shape
  /** Penalty of the layer's outputs, added to the loss. Default: none. */
  activityRegularizer?: RegularizerLike | null
}

/** How a layer is called. */
export interface CallOptions {
  /** Forces training mode (dropout drops, batch normalization uses the batch) or inference mode. */
  training?: boolean
}

/** Options of {@link Layer.addWeight}. */
export interface WeightOptions {
  /** Default: `'glorotUniform'`. */
  initializer?: InitializerLike
  regularizer?: RegularizerLike | null
  constraint?: ConstraintLike | null
  /** Whether training changes it. Default: `true`. */
  trainable?: boolean
  /** Default: `'float32'`. */
  dtype?: DType
}

/** What a layer can be applied to. */
export type LayerInput = ModelTensor | Operand

/**
 * A layer: weights and a function of tensors.
 *
 * To write your own, extend it (or a layer of the library) and implement `call`, and `build` if it has weights. Both are
 * called while a model is traced; what `call` computes with {@link ops} runs at native speed and has gradients.
 *
 * @example
 * class Swoosh extends layers.Layer {
 *   alpha!: Variable
 *   build(shape) { this.alpha = this.addWeight('alpha', [shape.at(-1)], { initializer: 'ones' }) }
 *   call(x) { return ops.mul(x, ops.sigmoid(ops.mul(this.alpha, x))) }
 * }
 */
export class Layer {
  /** @internal Class name of a layer of the library. */
  static readonly builtin: string | undefined = undefined

  /** @internal */
  readonly handle: NativeLayer
  private readonly options: LayerOptions

  /** @param handle Internal. */
  constructor(options: LayerOptions = {}, handle?: NativeLayer) {
    this.options = options
    this.handle = handle ?? this.create(new.target)
    register(this)
  }

  private create(type: typeof Layer): NativeLayer {
    const isCustom = type !== Layer && (type.builtin === undefined || type !== builtins.get(type.builtin))
    if (!isCustom) return native.Layer.deserialize(toJson('layer', { class_name: type.builtin, config: this.options }))
    const { name, trainable } = this.options
    // Rust holds these functions as long as the layer lives; a strong reference would keep both alive forever.
    const self = new WeakRef(this)
    const layer = (): Layer => {
      const layer = self.deref()
      if (layer) return layer
      throw new Error(`layer '${name ?? type.name}' was collected while its model is in use`)
    }
    return native.Layer.custom({
      className: type.name,
      name,
      trainable,
      base: type.builtin && toJson(type.name, { class_name: type.builtin, config: this.options }),
      build: this.build === Layer.prototype.build ? undefined : shapes => layer().build(one(shapes) as number[]),
      call:
        this.call === Layer.prototype.call
          ? undefined
          : (inputs, training) => {
              const outputs = many(layer().call(one(inputs as SymbolicTensor[]), { training }))
              return outputs.map(output => traced(`call() of ${type.name}`, output))
            },
      config: () => toJson(type.name, layer().getConfig()),
    })
  }

  get name(): string {
    return this.handle.name
  }

  /** The class name, as in Keras. */
  get className(): string {
    return this.handle.className
  }

  /** Whether training changes the weights. A change takes effect when a model that holds the layer is compiled. */
  get trainable(): boolean {
    return this.handle.trainable
  }

  set trainable(trainable: boolean) {
    this.handle.trainable = trainable
  }

  /** Whether the weights are made: they are when the shape of the inputs is known. */
  get built(): boolean {
    return this.handle.built
  }

  /** All weights, in Keras's order: trainable ones, then the others. */
  get weights(): Variable[] {
    return this.handle.weights().map(weight => new Variable(weight))
  }

  /** The weights that training changes: none while the layer is frozen. */
  get trainableWeights(): Variable[] {
    return this.handle.trainableWeights().map(weight => new Variable(weight))
  }

  /** Number of elements of all weights. */
  countParams(): number {
    return this.handle.countParams()
  }

  /** Copies of the values of all weights, in the order of {@link Layer.weights}. */
  getWeights(): Tensor[] {
    return this.weights.map(weight => weight.value())
  }

  /** Replaces the values of all weights. */
  setWeights(values: readonly TensorLike[]): void {
    const weights = this.weights
    if (weights.length !== values.length) {
      throw new Error(`layer '${this.name}' has ${weights.length} weights, received ${values.length} values`)
    }
    for (const [i, weight] of weights.entries()) weight.assign(asTensor(values[i] as TensorLike, weight.dtype))
  }

  /**
   * Applies the layer.
   *
   * To a tensor of a model under construction, it adds a call to the model; to a tensor with values it computes at
   * once, in inference mode unless `training` is set; to a traced tensor it becomes part of the trace. Several inputs
   * are an array. Weights are made at the first call.
   *
   * @throws `GLOROT_SHAPE`, which names the layer, if it cannot take inputs of this shape.
   */
  apply(x: ModelTensor | readonly ModelTensor[], options?: CallOptions): ModelTensor
  apply<A extends Operand>(x: A | readonly A[], options?: CallOptions): Result<A>
  apply(x: LayerInput | readonly LayerInput[], { training }: CallOptions = {}): unknown {
    const inputs = inputsOf(x)
    if (inputs.some(input => input instanceof ModelTensor)) return this.connect(inputs as ModelTensor[], training)
    return one(this.handle.call((inputs as Operand[]).map(toNative), training).map(fromNative))
  }

  private connect(inputs: ModelTensor[], training: boolean | undefined) {
    const handles = inputs.map(input => {
      if (input instanceof ModelTensor) return input.handle
      throw new TypeError(`layer '${this.name}': tensors with values cannot be mixed with those of a model`)
    })
    const outputs = this.handle.connect(handles, training)
    return one(outputs.map(output => new ModelTensor(output, { layer: this, inputs })))
  }

  /**
   * Makes the weights for inputs of a shape; axis 0 is the batch. Custom layers implement it with
   * {@link Layer.addWeight}; it is called once, before the first `call`.
   *
   * @param shape That of the input; an array of shapes for several inputs.
   */
  build(shape: number[]): void {
    const shapes = (Array.isArray(shape[0]) ? shape : [shape]) as number[][]
    if (isCustom(this)) this.handle.buildBase(shapes)
    else this.handle.build(shapes)
  }

  /**
   * Computes the outputs. Custom layers implement it; `super.call` calls the layer that they extend.
   *
   * @param x The input; an array of several.
   * @param options `training`: the mode of this call.
   */
  call(x: SymbolicTensor | SymbolicTensor[], options: CallOptions = {}): SymbolicTensor | SymbolicTensor[] {
    const inputs = many(x)
    if (!isCustom(this)) return one(this.handle.call(inputs, options.training)) as SymbolicTensor
    return one(this.handle.callBase(inputs, options.training)) as SymbolicTensor
  }

  /** Makes a weight; only while a custom layer is built. */
  addWeight(name: string, shape: Shape, options: WeightOptions = {}): Variable {
    const { initializer, regularizer, constraint, trainable, dtype } = options
    const json = (value: unknown) => (value == null ? undefined : toJson(`${this.name}, weight '${name}'`, value))
    const weight = this.handle.addWeight({
      name,
      shape: [...shape],
      dtype,
      initializer: json(initializer),
      regularizer: json(regularizer),
      constraint: json(constraint),
      trainable,
    })
    return new Variable(weight)
  }

  /** The options that the layer can be made from again, as Keras serializes them. */
  getConfig(): Record<string, unknown> {
    return isCustom(this) ? { ...this.options } : this.toJSON().config
  }

  /** As Keras serializes it: `{ class_name, config }`. */
  toJSON(): { class_name: string; config: Record<string, unknown> } {
    return JSON.parse(this.handle.toJson())
  }
}

/** The classes of the library by name. */
const builtins = new Map<string, typeof Layer>()

/** @internal Declares a class of the library. */
export function builtin<T extends { prototype: Layer; builtin: string | undefined }>(type: T): T {
  builtins.set(type.builtin as string, type as unknown as typeof Layer)
  return type
}

/** @internal The object for a layer that comes out of Rust. */
export function newLayer(handle: NativeLayer): Layer {
  const type = builtins.get(handle.className) ?? Layer
  const layer: Layer = Object.create(type.prototype, {
    handle: { value: handle, enumerable: true },
    options: { value: {} },
  })
  register(layer)
  return layer
}

function isCustom(layer: Layer): boolean {
  const type = layer.constructor as typeof Layer
  return type !== Layer && type !== builtins.get(type.builtin as string)
}

/** One is passed as it is, several as an array. */
function one<T>(values: T[]): T | T[] {
  return values.length === 1 ? (values[0] as T) : values
}

function many<T>(values: T | T[]): T[] {
  return Array.isArray(values) ? values : [values]
}

/** An array of tensors is several inputs; an array of numbers is one. */
function inputsOf(x: LayerInput | readonly LayerInput[]): LayerInput[] {
  const isTensor = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
  return Array.isArray(x) && x.some(isTensor) ? (x as LayerInput[]) : [x as LayerInput]
}
