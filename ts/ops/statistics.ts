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
  minimum,
  mul,
  neg,
  notEqual,
  pow,
  rsqrt,
  sqrt,
  square,
  stopGradient,
  sub,
  where,
} from './elementwise.js'
import { pad, slice } from './movement.js'
import { type Axis, argMax, max, mean, min, type ReduceOptions, sum } from './reduce.js'
import { type Operand, type Result, shapeOf } from './run.js'

// What reductions are made of, with the names that these functions have in Keras's `ops`.

/** The variance (biased) along axes (default: all), of float32. */
export function variance<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  const centered = sub(x as Tensor, mean(x as Tensor, axis, { keepDims: true }))
  return mean(square(centered), axis, options) as Result<A>
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

/** The mean along axes (default: all), each element times its weight, by the sum of the weights. */
export function average<A extends Operand, B extends Operand = never>(x: A, axis?: Axis, weights?: B): Result<A, B> {
  if (weights === undefined) return mean(x, axis) as Result<A, B>
  // The weights may have fewer axes: each counts as often as it is taken.
  const each = mul(add(mul(x as Tensor, 0), 1), weights as Tensor)
  return div(sum(mul(x as Tensor, weights as Tensor), axis), sum(each, axis)) as Result<A, B>
}

/** Whether any element along axes (default: all) is true, or not 0: bool. */
export function any<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  return cast(max(truth(x), axis, options), 'bool') as Result<A>
}

/** Whether all elements along axes (default: all) are true, or not 0: bool. */
export function all<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  return cast(min(truth(x), axis, options), 'bool') as Result<A>
}

/** The number of elements along axes (default: all) that are true, or not 0: int32. */
export function countNonzero<A extends Operand>(x: A, axis?: Axis): Result<A> {
  return cast(sum(cast(truth(x), 'float32'), axis), 'int32') as Result<A>
}

const truth = (x: Operand): Tensor => cast(cast(x as Tensor, 'bool'), 'int32')

/** The index of the first smallest value along an axis (default: the last): int32. */
export function argMin<A extends Operand>(x: A, axis = -1): Result<A> {
  return argMax(neg(cast(x as Tensor, 'float32')), axis) as Result<A>
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
  return exp(logSoftmax(x as Tensor, axis)) as Result<A>
}

/** `x - log(sum(exp(x)))` along axes (default: the last). */
export function logSoftmax<A extends Operand>(x: A, axis: Axis = -1): Result<A> {
  return sub(x as Tensor, logSumExp(x as Tensor, axis, { keepDims: true })) as Result<A>
}

/** What {@link norm} may be told. */
export interface NormOptions extends ReduceOptions {
  /** `p`: the p-th root of the sum of `|x|^p`; infinite: the largest `|x|`; 0: how many are not 0. Default: 2. */
  ord?: number
}

/** The norm of vectors along axes (default: of all elements). Of matrices, with two axes and `ord` 2, that of Frobenius. */
export function norm<A extends Operand>(x: A, axis?: Axis, options: NormOptions = {}): Result<A> {
  const { ord = 2, ...rest } = options
  flagsOf('norm', rest, 'keepDims')
  const value = x as Tensor
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
  const value = x as Tensor
  if (order === 2) {
    const inverse = rsqrt(sum(square(value), axis, { keepDims: true }))
    return mul(value, minimum(inverse, 1e7)) as Result<A>
  }
  const length = norm(value, axis, { ord: order, keepDims: true })
  return div(value, maximum(length, 1e-7)) as Result<A>
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
  let total = x as Tensor
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
