import { configError, shapeError, shown } from '../errors.js'
import { type Tensor, tensor } from '../tensor.js'
import type { DType, Shape } from '../types.js'
import { axesOf, axisOf, lengthsOf } from './checks.js'
import {
  add,
  cast,
  equal,
  exp,
  isFinite,
  log,
  maximum,
  minimum,
  sqrt,
  square,
  stopGradient,
  sub,
  where,
} from './elementwise.js'
import { concat, reshape } from './movement.js'
import { type Axis, max, mean, type ReduceOptions, sum } from './reduce.js'
import { type Operand, type Result, shapeOf } from './run.js'

// Functions that consist of others, with the names that they have in Keras's `ops`.

/** `x` cut at a least and a greatest value; its derivative is 0 outside. */
export function clip<A extends Operand>(x: A, least: number, most: number): Result<A> {
  if (!(least <= most))
    throw configError(`clip: expected two numbers, the first not greater; received ${shown([least, most])}`)
  return minimum(maximum(x, least) as A, most)
}

/** The same elements with a new axis of length 1, before that axis of `x`; -1: after the last. */
export function expandDims<A extends Operand>(x: A, axis: number): Result<A> {
  const shape = shapeOf(x)
  const at = placeOf('expandDims', axis, shape.length + 1)
  return reshape(x, shape.toSpliced(at, 0, 1))
}

/** The same elements without axes of length 1: those given, or all. */
export function squeeze<A extends Operand>(x: A, axis?: Axis): Result<A> {
  const shape = shapeOf(x)
  const given = axesOf('squeeze', axis)?.map(axis => placeOf('squeeze', axis, shape.length))
  const wrong = given?.find(axis => shape[axis] !== 1)
  if (wrong !== undefined) {
    throw shapeError(`squeeze: expected length 1 on axis ${wrong}; received a tensor of shape [${shape.join(', ')}]`)
  }
  return reshape(
    x,
    shape.filter((length, axis) => (given ? !given.includes(axis) : length !== 1)),
  )
}

/** Tensors of one shape, one after the other along a new axis (default: the first). */
export function stack<A extends Operand>(parts: readonly A[], axis = 0): Result<A> {
  if (!Array.isArray(parts) || parts.length === 0) {
    throw configError(`stack: expected an array of at least one tensor; received ${shown(parts)}`)
  }
  const at = placeOf('stack', axis, shapeOf(parts[0]).length + 1)
  return concat(
    parts.map(part => expandDims(part, at) as A),
    at,
  )
}

/** A tensor of zeros. */
export const zeros = (shape: Shape, dtype: DType = 'float32'): Tensor => full('zeros', shape, 0, dtype)

/** A tensor of ones. */
export const ones = (shape: Shape, dtype: DType = 'float32'): Tensor => full('ones', shape, 1, dtype)

function full(op: string, shape: Shape, value: number, dtype: DType): Tensor {
  const lengths = lengthsOf(op, shape, 0)
  const size = lengths.reduce((product, length) => product * length, 1)
  if (size >= 2 ** 31)
    throw shapeError(`${op}: shape [${lengths.join(', ')}] would have 2^31 elements or more; make it smaller`)
  return tensor(new Float32Array(size).fill(value), lengths, dtype)
}

/**
 * `[…, depth]` float32: 1 where the position along the last axis is the number, else 0 (also for numbers out of range).
 *
 * @param x Whole numbers, of any dtype.
 */
export function oneHot<A extends Operand>(x: A, depth: number): Result<A> {
  const [length] = lengthsOf('oneHot', [depth], 0) as [number]
  const positions = tensor(Float32Array.from({ length }, (_, i) => i))
  return cast(equal(expandDims(cast(x, 'float32') as A, -1) as A, positions) as A, 'float32') as Result<A>
}

/** The variance (biased) along axes (default: all), of float32. */
export function variance<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  const centered = sub(x, mean(x, axis, { keepDims: true }) as A)
  return mean(square(centered as A) as A, axis, options) as Result<A>
}

/** The standard deviation along axes (default: all), of float32. */
export function std<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  return sqrt(variance(x, axis, options) as A) as Result<A>
}

/** `log(sum(exp(x)))` along axes (default: all), without overflow. */
export function logSumExp<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  const finite = (top: A) => stopGradient(where(isFinite(top), top, 0) as A) as A
  const kept = finite(max(x, axis, { keepDims: true }) as A)
  const total = log(sum(exp(sub(x, kept) as A) as A, axis, options) as A)
  return add(total as A, finite(max(x, axis, options) as A)) as Result<A>
}

/** An axis from the start. */
function placeOf(op: string, axis: number, rank: number): number {
  const [given] = axisOf(op, axis) as [number]
  const at = given < 0 ? given + rank : given
  if (at >= 0 && at < rank) return at
  throw shapeError(`${op}: expected an axis from ${-rank} to ${rank - 1}; received ${given}`)
}
