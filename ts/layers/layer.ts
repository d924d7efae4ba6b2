import { inspect } from 'node:util'
import type {
  CustomLayerSpec,
  Layer as NativeLayer,
  ModelTensor as NativeModelTensor,
  SymbolicTensor as NativeSymbolicTensor,
} from '../../native/binding.cjs'
import type { ConstraintLike } from '../constraints/index.js'
import { configError, failure, prefixed, shown } from '../errors.js'
import type { InitializerLike } from '../initializers/index.js'
import { native } from '../native.js'
import { flagsOf } from '../ops/checks.js'
import { fromNative, type Operand, type Result, toNative } from '../ops/run.js'
import type { RegularizerLike } from '../regularizers/index.js'
import { isPlainObject } from '../serialize.js'
import { guarded, type SymbolicTensor, traced } from '../symbolic.js'
import { asTensor, type Tensor, type TensorLike } from '../tensor.js'
import type { DType, Shape } from '../types.js'
import { withOptions } from '../user-functions.js'
import { Variable } from '../variable.js'
import { modelTensor } from './layer-of.js'
import { ModelTensor } from './model-tensor.js'
import { checkName } from './name.js'
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

/** What the `call` of a layer is told. */
export interface CallContext extends CallOptions {
  /**
   * Which steps of the input count (bool, the shape of its first axes), if something marked them: `layers.masking`, or
   * `layers.embedding` with `maskZero`. An array for several inputs.
   */
  mask?: SymbolicTensor | undefined | (SymbolicTensor | undefined)[]
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

  /** Whether the outputs of a custom layer have the mask of its (first) input. Default: `false`, as in Keras. */
  readonly supportsMasking: boolean = false

  /** @internal */
  readonly handle: NativeLayer
  private readonly options: LayerOptions
  /** Functions among the options, which live as long as the layer. */
  private readonly functions: unknown[] = []
  /** @internal Whether the user wrote the class. */
  readonly isCustom: boolean

  /** @param handle Internal. */
  constructor(options: LayerOptions = {}, handle?: NativeLayer) {
    checkOptions(new.target.name, options)
    this.options = options
    this.isCustom = handle === undefined && isCustomClass(new.target)
    this.handle = handle ?? this.create(new.target)
    register(this)
  }

  private create(type: typeof Layer): NativeLayer {
    const { name, builtin } = type
    if (this.isCustom) {
      // Whoever calls it makes the weights, not only what this class adds to that.
      Object.defineProperty(this, 'build', {
        value: (shape: number[]) => this.handle.build(shapesOf(`layer '${this.name}'`, shape)),
      })
      return this.hold(withOptions(name, this.options, options => native.Layer.custom(customSpec(this, type, options))))
    }
    if (builtin === undefined) {
      throw configError('Layer: it has no call(): extend it, or use layers.lambda() for a function of tensors')
    }
    const serialized = { class_name: builtin, config: this.options }
    return this.hold(withOptions(builtin, serialized, json => native.Layer.deserialize(json)))
  }

  private hold<T>([result, functions]: [result: T, functions: unknown[]]): T {
    this.functions.push(...functions)
    return result
  }

  /** Unique in a model; names of weights begin with it. */
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
    this.handle.trainable = checkFlag(`layer '${this.name}'`, 'trainable', trainable)
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

  /**
   * The tensor of a model that the layer was first applied to; an array of several.
   *
   * @throws `GLOROT_INVALID`, if it was applied to none.
   */
  get input(): ModelTensor {
    return this.ofFirstCall(this.handle.inputs())
  }

  /** What the layer gave when it was first applied to a tensor of a model; an array of several. */
  get output(): ModelTensor {
    return this.ofFirstCall(this.handle.outputs())
  }

  private ofFirstCall(handles: NativeModelTensor[] | null): ModelTensor {
    if (handles && handles.length > 0) {
      return one(handles.map(modelTensor)) as ModelTensor
    }
    const message = `layer '${this.name}' was not applied to a tensor of a model: there is no input or output yet`
    throw failure('GLOROT_INVALID', message)
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
    if (!Array.isArray(values)) {
      throw configError(`layer '${this.name}': setWeights: expected an array of tensors; received ${shown(values)}`)
    }
    if (weights.length !== values.length) {
      const message = `layer '${this.name}' has ${weights.length} weights, received ${values.length} values`
      throw failure('GLOROT_INVALID', message)
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
  apply(x: LayerInput | readonly LayerInput[], options: CallOptions = {}): unknown {
    const { training } = flagsOf(`layer '${this.name}'`, options, 'training')
    const inputs = inputsOf(x)
    if (inputs.some(input => input instanceof ModelTensor)) return this.connect(inputs as ModelTensor[], training)
    const operands = prefixed(`layer '${this.name}'`, () => (inputs as Operand[]).map(toNative))
    return one(this.handle.call(operands, training).map(fromNative))
  }

  private connect(inputs: ModelTensor[], training: boolean | undefined) {
    const handles = inputs.map(input => {
      if (input instanceof ModelTensor) return input.handle
      throw failure('GLOROT_INVALID', `layer '${this.name}': tensors with values cannot be mixed with those of a model`)
    })
    const outputs = this.handle.connect(handles, training)
    return one(outputs.map(output => new ModelTensor(output, { layer: this, inputs })))
  }

  /**
   * Makes the weights for inputs of a shape; axis 0 is the batch. Custom layers implement it with
   * {@link Layer.addWeight}; it is called once, before the first `call`. Layers that a custom layer has as properties,
   * also in arrays and objects, are part of it with their weights; so are variables that it has after `build`.
   *
   * @param shape That of the input; an array of shapes for several inputs.
   */
  build(shape: number[]): void {
    const shapes = shapesOf(`layer '${this.name}'`, shape)
    if (this.isCustom) this.handle.buildBase(shapes)
    else this.handle.build(shapes)
  }

  /**
   * Computes the outputs. Custom layers implement it; `super.call` calls the layer that they extend. A state is a weight
   * that is not trained and that `call` assigns.
   *
   * @param x The input; an array of several.
   * @param options `training`: the mode of this call; `mask`: which steps of the input count.
   */
  call(x: SymbolicTensor | SymbolicTensor[], options: CallContext = {}): SymbolicTensor | SymbolicTensor[] {
    const { training } = options
    const inputs = prefixed(`layer '${this.name}'`, () => many(x).map(toNative))
    if (!this.isCustom) return one(this.handle.call(inputs, training)) as SymbolicTensor
    return one(this.handle.callBase(inputs as SymbolicTensor[], training)) as SymbolicTensor
  }

  /**
   * Makes a weight; only while a custom layer is built.
   *
   * @throws `GLOROT_CONFIG`, if it is called elsewhere, if an option is wrong or if the name is taken.
   */
  addWeight(name: string, shape: Shape, options: WeightOptions = {}): Variable {
    const owner = `layer '${this.name}', weight ${shown(name)}`
    checkWeight(owner, name, shape, options)
    const { initializer, regularizer, constraint, trainable, dtype } = options
    const [weight, functions] = withOptions(owner, { initializer, regularizer, constraint }, json => {
      const options = JSON.parse(json)
      const given = (value: unknown) => (value == null ? undefined : JSON.stringify(value))
      return this.handle.addWeight({
        name,
        shape: [...shape],
        dtype,
        initializer: given(options.initializer),
        regularizer: given(options.regularizer),
        constraint: given(options.constraint),
        trainable,
      })
    })
    this.functions.push(...functions)
    return new Variable(weight)
  }

  /**
   * Adds a penalty to the loss of the model; only in `call`.
   *
   * @param penalty float32 scalar, computed from the inputs or weights of the layer.
   */
  addLoss(penalty: SymbolicTensor): void {
    native.addLoss(
      `layer '${this.name}'`,
      traced('addLoss()', () => penalty),
    )
  }

  /** The options that the layer can be made from again, as Keras serializes them. */
  getConfig(): Record<string, unknown> {
    return this.isCustom ? { ...this.options } : this.toJSON().config
  }

  /** As Keras serializes it: `{ class_name, config }`. */
  toJSON(): { class_name: string; config: Record<string, unknown> } {
    if (this.isCustom) configJson(this)
    return JSON.parse(this.handle.toJson())
  }

  /** `Dense 'dense' (44 parameters)` in `console.log`. */
  [inspect.custom](): string {
    const size = this.built ? `${this.countParams()} parameters` : 'not built yet'
    return `${this.className} '${this.name}' (${size})`
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
    functions: { value: [] },
    isCustom: { value: false },
  })
  register(layer)
  return layer
}

function isCustomClass(type: typeof Layer): boolean {
  return type !== Layer && type !== builtins.get(type.builtin as string)
}

/** What Rust knows of a layer written in JavaScript. */
function customSpec(self: Layer, type: typeof Layer, options: string): CustomLayerSpec {
  const { name, builtin: base, prototype } = type
  // Rust holds these functions as long as the layer lives; a strong reference would keep both alive forever.
  const weak = new WeakRef(self)
  const layer = (): Layer => {
    const layer = weak.deref()
    if (layer) return layer
    throw failure('GLOROT_INVALID', `a layer of the class ${name} was collected while its model is in use`)
  }
  const build = (shapes: number[][]) => {
    const self = layer()
    guarded(`build() of ${name}`, () => prototype.build.call(self, one(shapes) as number[]))
    self.handle.track(propertiesOf(self, Variable).map(variable => variable.handle))
  }
  const call = (inputs: NativeSymbolicTensor[], training: boolean, masks: (NativeSymbolicTensor | null)[]) => {
    const mask = one(masks.map(mask => (mask as SymbolicTensor | null) ?? undefined))
    const where = `call() of ${name}`
    const outputs = guarded(where, () => many(layer().call(one(inputs as SymbolicTensor[]), { training, mask })))
    if (outputs.length === 0) throw configError(`${where} must return at least one tensor; received []`)
    return outputs.map(output => traced(where, () => output))
  }
  return {
    className: name,
    options,
    base,
    build,
    call: prototype.call === Layer.prototype.call ? undefined : call,
    sublayers: () => propertiesOf(layer(), Layer).map(layer => layer.handle),
    supportsMasking: () => layer().supportsMasking,
    config: () => configJson(layer()),
  }
}

/** @internal The config of a layer written in JavaScript. Rust has no one to tell of an error in it. */
export function configJson(layer: Layer): string {
  const config = layer.getConfig()
  if (isPlainObject(config)) return withOptions(layer.className, config, json => json)[0]
  throw configError(`${layer.className}: getConfig() must return an object; received ${shown(config)}`)
}

/** The objects of a class that a layer has as properties, also in arrays and plain objects. */
function propertiesOf<T>(layer: Layer, type: abstract new (...args: never[]) => T): T[] {
  const found = new Set<T>()
  const look = (value: unknown, depth: number): void => {
    if (value instanceof type) found.add(value)
    else if (depth > 0 && (Array.isArray(value) || isPlainObject(value))) {
      for (const inner of Object.values(value)) look(inner, depth - 1)
    }
  }
  const { options: _, functions: __, ...own } = layer as unknown as Record<string, unknown>
  look(own, 4)
  return [...found]
}

function checkOptions(owner: string, options: unknown): void {
  if (options == null) return
  if (!isPlainObject(options)) throw configError(`${owner}: expected an object of options; received ${shown(options)}`)
  checkName(owner, options.name)
}

/** @internal An option that is true or false. */
export function checkFlag(owner: string, option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw configError(`${owner}: '${option}' must be true or false; received ${shown(value)}`)
}

function checkWeight(owner: string, name: unknown, shape: unknown, options: WeightOptions): void {
  if (!isPlainObject(options)) throw configError(`${owner}: expected an object of options; received ${shown(options)}`)
  const { initializer: _, regularizer: __, constraint: ___, trainable, dtype, ...others } = options as WeightOptions
  if (trainable !== undefined) checkFlag(owner, 'trainable', trainable)
  if (dtype !== undefined && typeof dtype !== 'string') {
    throw configError(`${owner}: option 'dtype' must be a string; received ${shown(dtype)}`)
  }
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) {
    const known = 'initializer, regularizer, constraint, trainable, dtype'
    throw configError(`${owner}: unknown option '${unknown}'; known options: ${known}`)
  }
  if (typeof name !== 'string' || name === '') {
    throw configError(`addWeight: the name must be a string that is not empty; received ${shown(name)}`)
  }
  const isLength = (length: unknown) => Number.isSafeInteger(length) && (length as number) >= 0
  if (!Array.isArray(shape) || !shape.every(isLength)) {
    throw configError(`${owner}: the shape must be an array of lengths, as [3, 4]; received ${shown(shape)}`)
  }
}

/** @internal One shape, or several, as several. */
export function shapesOf(owner: string, given: number[] | number[][]): number[][] {
  const shapes = (Array.isArray(given) && Array.isArray(given[0]) ? given : [given]) as number[][]
  const isLength = (length: number | null, axis: number) =>
    (axis === 0 && length === null) || (Number.isSafeInteger(length) && (length as number) >= 0)
  // The length of the batch does not matter.
  if (shapes.every(shape => Array.isArray(shape) && shape.every(isLength))) {
    return shapes.map(shape => shape.map(length => length ?? 1))
  }
  throw configError(`${owner}: build: expected the shape of the input, as [null, 28, 28]; received ${shown(given)}`)
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
