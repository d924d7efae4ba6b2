import { configError, shown } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { placeOf, ravel } from './arrangement.js'
import { flagsOf } from './checks.js'
import {
  abs,
  add,
  cast,
  div,
  exp,
  isFinite,
  log,
  maximum,
  mul,
  neg,
  notEqual,
  pow,
  sqrt,
  square,
  stopGradient,
  sub,
  where,
} from './elementwise.js'
import { broadcastTo, pad, reshape, slice } from './movement.js'
import { type Axis, argMax, max, mean, min, type ReduceOptions, sum } from './reduce.js'
import { dtypeOf, type Operand, type Result, shapeOf } from './run.js'
import { toFloat } from './to-float.js'

// What reductions are made of, with the names that these functions have in Keras's `ops`.

/** The variance (biased) along axes (default: all), of float32. */
export function variance<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  const value = toFloat(x)
  return mean(square(sub(value, mean(value, axis, { keepDims: true }))), axis, options) as Result<A>
}

/** The standard deviation along axes (default: all), of float32. */
export function std<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  return sqrt(variance(x as Tensor, axis, options)) as Result<A>
}

/** Mean and variance along axes. */
export function moments<A extends Operand>(
  x: A,
  axis?: Axis,
  options: ReduceOptions = {},
): [mean: Result<A>, variance: Result<A>] {
  return [mean(x, axis, options), variance(x, axis, options)]
}

/**
 * The mean along axes (default: all), each element times its weight, by the sum of the weights.
 *
 * @param weights In a shape that broadcasts to that of `x`; or one for each entry along the axis.
 */
export function average<A extends Operand, B extends Operand = never>(x: A, axis?: Axis, weights?: B): Result<A, B> {
  const value = toFloat(x)
  if (weights === undefined) return mean(value, axis) as Result<A, B>
  const shape = shapeOf(x)
  let each = toFloat(weights)
  if (typeof axis === 'number' && shapeOf(weights).length === 1) {
    const at = placeOf('average', axis, shape.length)
    each = reshape(
      each,
      shape.map((_, i) => (i === at ? -1 : 1)),
    )
  }
  return div(sum(mul(value, each), axis), sum(broadcastTo(each, shape), axis)) as Result<A, B>
}

/** Whether any element along axes (default: all) is true, or not 0: bool. */
export function any<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  return notEqual(sum(truth(x), axis, options), 0) as Result<A>
}

/** Whether all elements along axes (default: all) are true, or not 0: bool. */
export function all<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  return cast(min(truth(x), axis, options), 'bool') as Result<A>
}

/** The number of elements along axes (default: all) that are true, or not 0: int32. */
export function countNonzero<A extends Operand>(x: A, axis?: Axis): Result<A> {
  return sum(truth(x), axis) as Result<A>
}

const truth = (x: Operand): Tensor => cast(cast(x as Tensor, 'bool'), 'int32')

/** The index of the first smallest value along an axis (default: the last): int32. */
export function argMin<A extends Operand>(x: A, axis = -1): Result<A> {
  // The least of integers has no opposite.
  const reversed = dtypeOf(x) === 'float32' ? neg(x as Tensor) : sub(-1, cast(x as Tensor, 'int32'))
  return argMax(reversed, axis) as Result<A>
}

/** `log(sum(exp(x)))` along axes (default: all), without overflow. */
export function logSumExp<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  const finite = (top: Tensor) => stopGradient(where(isFinite(top), top, 0))
  const kept = finite(max(x as Tensor, axis, { keepDims: true }))
  const total = log(sum(exp(sub(x as Tensor, kept)), axis, options))
  return add(total, finite(max(x as Tensor, axis, options))) as Result<A>
}

/** `exp(x) / sum(exp(x))` along axes (default: the last). */
export function softmax<A extends Operand>(x: A, axis: Axis = -1): Result<A> {
  const powers = exp(fromLargest(x, axis))
  return div(powers, sum(powers, axis, { keepDims: true })) as Result<A>
}

/** `x - log(sum(exp(x)))` along axes (default: the last). */
export function logSoftmax<A extends Operand>(x: A, axis: Axis = -1): Result<A> {
  const value = fromLargest(x, axis)
  return sub(value, log(sum(exp(value), axis, { keepDims: true }))) as Result<A>
}

/** How far the elements are from the largest one, so that large ones are not rounded. */
function fromLargest(x: Operand, axis: Axis): Tensor {
  const value = toFloat(x)
  return sub(value, stopGradient(max(value, axis, { keepDims: true })))
}

/** What {@link norm} may be told. */
export interface NormOptions extends ReduceOptions {
  /** `p`: the p-th root of the sum of `|x|^p`; infinite: the largest `|x|`; 0: how many are not 0. Default: 2. */
  ord?: number
}

/** The norm of the vectors along axes (default: of all elements). Several axes are one vector: with `ord` 2 Frobenius's norm of a matrix. */
export function norm<A extends Operand>(x: A, axis?: Axis, options: NormOptions = {}): Result<A> {
  const { ord = 2, ...rest } = options
  flagsOf('norm', rest, 'keepDims')
  const value = toFloat(x)
  if (ord === 2) return sqrt(sum(square(value), axis, rest)) as Result<A>
  if (ord === Number.POSITIVE_INFINITY) return max(abs(value), axis, rest) as Result<A>
  if (ord === 1) return sum(abs(value), axis, rest) as Result<A>
  if (ord === 0) return sum(cast(notEqual(value, 0), 'float32'), axis, rest) as Result<A>
  if (typeof ord !== 'number' || !(ord > 0))
    throw configError(`norm: ord must be a number of at least 0; received ${shown(ord)}`)
  return pow(sum(pow(abs(value), ord), axis, rest), 1 / ord) as Result<A>
}

/** `x` by its norm along an axis (default: the last), which is taken for 1e-7 if it is less. */
export function normalize<A extends Operand>(x: A, axis: Axis = -1, order = 2): Result<A> {
  const value = toFloat(x)
  if (!Number.isFinite(order) || order <= 1) {
    const length = norm(value, axis, { ord: order, keepDims: true })
    return div(value, maximum(length, 1e-7)) as Result<A>
  }
  // Before the root is taken, whose slope at 0 is infinite.
  const powers = sum(order === 2 ? square(value) : pow(abs(value), order), axis, { keepDims: true })
  return div(value, pow(maximum(powers, 1e-7 ** order), 1 / order)) as Result<A>
}

/** The sum of each element and all before it along an axis; without one, of all elements along one axis. */
export function cumsum<A extends Operand>(x: A, axis?: number): Result<A> {
  return accumulate('cumsum', x, axis, 0, add) as Result<A>
}

/** The product of each element and all before it along an axis; without one, of all elements along one axis. */
export function cumprod<A extends Operand>(x: A, axis?: number): Result<A> {
  return accumulate('cumprod', x, axis, 1, mul) as Result<A>
}

/** In steps of 1, 2, 4, … elements (Hillis and Steele, 1986): a few ops that each work on all. */
function accumulate(
  op: string,
  x: Operand,
  axis: number | undefined,
  neutral: number,
  join: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  if (axis === undefined) return accumulate(op, ravel(x as Tensor), 0, neutral, join)
  const shape = shapeOf(x)
  const at = placeOf(op, axis, shape.length)
  let total = reshape(x as Tensor, shape)
  for (let step = 1; step < (shape[at] as number); step *= 2) {
    const widths = shape.map((_, i): [number, number] => (i === at ? [step, 0] : [0, 0]))
    const shifted = slice(
      pad(total, widths, neutral),
      shape.map(() => 0),
      shape,
    )
    total = join(total, shifted)
  }
  return total
}
