import { inspect } from 'node:util'
import type { HostTensor } from '../native/binding.cjs'
import { configError, shapeError, shown } from './errors.js'
import { lengthsOf } from './ops/checks.js'
import { sliceTensor, tensorMoments } from './ops/eager.js'
import type { DType, NestedArray, Shape, TypedArray } from './types.js'

/**
 * An array of numbers with a shape, in the memory of JavaScript: it is collected like any other object, may be sent to
 * a worker, and is never disposed.
 *
 * Tensors are values: do not write to the array that {@link Tensor.data} returns while a training uses it.
 */
export class Tensor {
  /** Lengths of the axes, outermost first. */
  readonly shape: number[]
  readonly dtype: DType
  /** @internal */
  readonly values: TypedArray

  /** @internal Use {@link tensor}. */
  constructor(host: HostTensor) {
    if (!ArrayBuffer.isView(host?.values)) throw configError('Tensor: make tensors with tensor(values)')
    this.shape = host.shape
    this.dtype = host.dtype
    this.values = host.values
  }

  /** Number of elements. */
  get size(): number {
    return this.values.length
  }

  /** The elements, row-major, without a copy: a `Float32Array`, `Int32Array` or (uint8, bool) `Uint8Array`. */
  data(): TypedArray {
    return this.values
  }

  /** The one element of a tensor of size 1. */
  item(): number {
    const [value] = this.values
    if (value === undefined || this.size > 1) throw shapeError(`item() needs one element, the shape is [${this.shape}]`)
    return value
  }

  /** The elements as nested arrays; a number for a scalar. */
  toArray(): NestedArray {
    const nest = (axis: number, start: number, step: number): NestedArray => {
      const length = this.shape[axis]
      if (length === undefined) return this.values[start] as number
      const inner = length > 0 ? step / length : 0
      return Array.from({ length }, (_, i) => nest(axis + 1, start + i * inner, inner))
    }
    return nest(0, 0, this.size)
  }

  /**
   * A part of the tensor. One along the first axis alone shares its memory, as `subarray` does; others are copies.
   *
   * @param begin Where it begins on each axis; axes left out begin at 0. A number is for the first axis.
   * @param size Its lengths; -1, or an axis left out, means as far as the tensor reaches.
   */
  slice(begin: number | readonly number[], size?: number | readonly number[]): Tensor {
    return sliceTensor(this, begin, size)
  }

  /** Mean, variance (biased) and standard deviation along axes (default: all), as float32. */
  moments(axis?: number | readonly number[]): { mean: Tensor; variance: Tensor; std: Tensor } {
    return tensorMoments(this, axis)
  }

  /** The elements as nested arrays: what `JSON.stringify` writes. */
  toJSON(): NestedArray {
    return this.toArray()
  }

  /** The one element in arithmetic and comparisons, of a tensor of size 1; else an error: compute with `ops`. */
  [Symbol.toPrimitive](hint: string): number | string {
    return hint === 'string' ? inspect(this) : this.item()
  }

  /** `Tensor float32 [2, 3] [[1, 2, 3], …]` in `console.log`. */
  [inspect.custom](depth: number, options: object, inspector: typeof inspect): string {
    const type = `Tensor ${this.dtype} [${this.shape.join(', ')}]`
    if (depth < 1) return type
    return `${type} ${inspector(this.size <= 1000 ? this.toArray() : this.values, options)}`
  }
}

/**
 * Makes a tensor.
 *
 * A `Float32Array`, `Int32Array` or `Uint8Array` is not copied: the tensor shares its memory. Other values are.
 *
 * @param values Numbers, flat or nested, or a typed array.
 * @param shape Default: that of the nesting. One axis may be -1, as long as the elements allow.
 * @param dtype Default: that of a typed array (`Float64Array`: float32); `bool` for booleans; else `float32`.
 * @throws `GLOROT_SHAPE`, if the number of values does not fit the shape or rows differ in length.
 * @example
 * tensor([[1, 2], [3, 4]])                       // float32 [2, 2]
 * tensor(new Uint8Array(784 * n), [n, 28, 28])   // uint8, shares the array
 */
export function tensor(values: NestedArray | ArrayLike<number> | TypedArray, shape?: Shape, dtype?: DType): Tensor {
  if (dtype != null && !dtypes.includes(dtype)) {
    throw configError(`tensor: the dtype must be one of ${dtypes.join(', ')}; received ${shown(dtype)}`)
  }
  const flat = flatten(values)
  const array = toTyped(flat.values, dtype ?? flat.dtype)
  const lengths = shape == null ? flat.shape : resolve(lengthsOf('tensor', shape, -1), array.length)
  return new Tensor({ dtype: dtype ?? flat.dtype, shape: lengths, values: array })
}

const dtypes: DType[] = ['float32', 'int32', 'uint8', 'bool']

/** Whatever a function that wants a tensor accepts. */
export type TensorLike = Tensor | NestedArray | TypedArray

/** A tensor of what was given in its place. */
export function asTensor(value: TensorLike, dtype?: DType): Tensor {
  if (value instanceof Tensor) return value
  return tensor(value, undefined, dtype)
}

interface Flat {
  values: ArrayLike<number>
  shape: number[]
  dtype: DType
}

/** An array that contains itself has no end. */
const maxDepth = 32

function flatten(values: NestedArray | ArrayLike<number>): Flat {
  if (ArrayBuffer.isView(values)) {
    const array = values as unknown as ArrayLike<number>
    return { values: array, shape: [array.length], dtype: dtypeOf(values) }
  }
  const shape: number[] = []
  for (let level: unknown = values; Array.isArray(level); level = level[0]) {
    if (shape.length === maxDepth) throw shapeError(`expected arrays nested at most ${maxDepth} deep`)
    shape.push(level.length)
  }
  checkRows(values, shape, 0)
  const flat = (Array.isArray(values) ? values.flat(maxDepth) : [values]) as (number | boolean)[]
  const dtype = flat.length > 0 && flat.every(value => typeof value === 'boolean') ? 'bool' : 'float32'
  return { values: flat.map(Number), shape, dtype }
}

function checkRows(values: unknown, shape: number[], axis: number): void {
  if (axis === shape.length) {
    if (typeof values === 'number' || typeof values === 'boolean') return
    const what = axis === 0 ? 'a number, an array of numbers or a tensor' : `numbers in arrays nested ${axis} deep`
    throw shapeError(`expected ${what}; received ${shown(values)}`)
  }
  if (!Array.isArray(values) || values.length !== shape[axis]) {
    const received = Array.isArray(values) ? `one of ${values.length}` : shown(values)
    throw shapeError(`expected rows of ${shape[axis]} on axis ${axis}, received ${received}`)
  }
  for (const row of values) checkRows(row, shape, axis + 1)
}

function dtypeOf(view: ArrayBufferView): DType {
  if (view instanceof Int32Array) return 'int32'
  if (view instanceof Uint8Array || view instanceof Uint8ClampedArray) return 'uint8'
  if (view instanceof Float32Array || view instanceof Float64Array) return 'float32'
  throw shapeError(
    `expected a Float32Array, Float64Array, Int32Array or Uint8Array, received ${view.constructor.name}; convert it first`,
  )
}

function toTyped(values: ArrayLike<number>, dtype: DType): TypedArray {
  switch (dtype) {
    case 'float32':
      return values instanceof Float32Array ? values : Float32Array.from(values)
    case 'int32':
      return values instanceof Int32Array ? values : Int32Array.from(whole(values, dtype, -(2 ** 31), 2 ** 31 - 1))
    case 'uint8':
      return values instanceof Uint8Array ? values : Uint8Array.from(whole(values, dtype, 0, 255))
    case 'bool':
      return Uint8Array.from(values, value => Number(value !== 0))
  }
}

/** Conversion would cut other numbers. */
function whole(values: ArrayLike<number>, dtype: DType, least: number, most: number): ArrayLike<number> {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (Number.isInteger(value) && value >= least && value <= most) continue
    throw shapeError(
      `${dtype} holds whole numbers from ${least} to ${most}; received ${value}: use ops.cast to cut them`,
    )
  }
  return values
}

function resolve(shape: Shape, length: number): number[] {
  const known = shape.filter(dim => dim !== -1).reduce((product, dim) => product * dim, 1)
  const resolved = shape.map(dim => (dim === -1 ? length / known : dim))
  if (!resolved.every(dim => Number.isInteger(dim) && dim >= 0) || shape.filter(dim => dim === -1).length > 1) {
    throw shapeError(`shape [${shape}] does not fit ${length} values`)
  }
  const size = resolved.reduce((product, dim) => product * dim, 1)
  if (size !== length) throw shapeError(`shape [${shape}] needs ${size} values, received ${length}`)
  return resolved
}
