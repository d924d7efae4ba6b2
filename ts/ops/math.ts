import { configError, shown } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { full } from './creation.js'
import {
  abs,
  add,
  cast,
  ceil,
  cos,
  div,
  equal,
  exp,
  expm1,
  floor,
  isFinite,
  less,
  log,
  log1p,
  logicalAnd,
  logicalNot,
  maximum,
  minimum,
  mul,
  neg,
  notEqual,
  pow,
  sin,
  sqrt,
  sub,
  where,
} from './elementwise.js'
import type { Operand, Result } from './run.js'
import { toFloat } from './to-float.js'

// Functions of each element that consist of others, with the names that they have in Keras's `ops`.

/** `x` cut at a least and a greatest value; its derivative is 0 outside. */
export function clip<A extends Operand>(x: A, least: number, most: number): Result<A> {
  if (!(least <= most))
    throw configError(`clip: expected two numbers, the first not greater; received ${shown([least, most])}`)
  return minimum(maximum(x, least) as A, most)
}

/** The tangent, of radians. */
export function tan<A extends Operand>(x: A): Result<A> {
  return div(sin(toFloat(x)), cos(toFloat(x))) as Result<A>
}

/** The hyperbolic sine. */
export function sinh<A extends Operand>(x: A): Result<A> {
  return mul(0.5, sub(expm1(toFloat(x)), expm1(neg(toFloat(x))))) as Result<A>
}

/** The hyperbolic cosine. */
export function cosh<A extends Operand>(x: A): Result<A> {
  return mul(0.5, add(exp(toFloat(x)), exp(neg(toFloat(x))))) as Result<A>
}

/** `2 ** x`. */
export function exp2<A extends Operand>(x: A): Result<A> {
  return pow(2, toFloat(x)) as Result<A>
}

/** The logarithm to the base 2. */
export function log2<A extends Operand>(x: A): Result<A> {
  return mul(log(toFloat(x)), Math.LOG2E) as Result<A>
}

/** The logarithm to the base 10. */
export function log10<A extends Operand>(x: A): Result<A> {
  return mul(log(toFloat(x)), Math.LOG10E) as Result<A>
}

/** `log(exp(a) + exp(b))`, without overflow. */
export function logAddExp<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  const [x, y] = [toFloat(a), toFloat(b)]
  const distance = sub(x, y)
  // Two infinite numbers of one sign have no distance.
  const isNone = isNaN(distance)
  const sum = add(maximum(x, y), log1p(exp(neg(abs(where(isNone, 0, distance))))))
  return where(isNone, add(x, y), sum) as Result<A, B>
}

/** `a / b`, and 0 where b is 0. */
export function divideNoNaN<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  const [x, y] = [toFloat(a), toFloat(b)]
  const isZero = equal(y, 0)
  return where(isZero, 0, div(x, where(isZero, 1, y))) as Result<A, B>
}

/** The largest integer not above `a / b`; its derivative is 0. */
export function floorDivide<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return floor(div(a as Tensor, b as Tensor)) as Result<A, B>
}

/** The integer part, towards 0; its derivative is 0. */
export function trunc<A extends Operand>(x: A): Result<A> {
  return where(less(x as Tensor, 0), ceil(x as Tensor), floor(x as Tensor)) as Result<A>
}

/** Whether x is NaN: bool. */
export function isNaN<A extends Operand>(x: A): Result<A> {
  return notEqual(x, x) as Result<A>
}

/** Whether x is infinite: bool. */
export function isInf<A extends Operand>(x: A): Result<A> {
  const value = toFloat(x)
  return logicalAnd(logicalNot(isFinite(value)), equal(value, value)) as Result<A>
}

/** 0 in the place of NaN, and the largest numbers of float32 in that of infinite ones. */
export function nanToNum<A extends Operand>(x: A): Result<A> {
  const largest = 3.4028234663852886e38
  const value = toFloat(x)
  const numbers = where(isNaN(value), 0, value)
  return minimum(maximum(numbers, -largest), largest) as Result<A>
}

/** Whether one is true, or not 0, and the other is not: bool. */
export function logicalXor<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return notEqual(cast(a as Tensor, 'bool'), cast(b as Tensor, 'bool')) as Result<A, B>
}

// For -log(1 - x²) below 5, less 2.5, and above, its root less 3: Giles, "Approximating the erfinv function" (2012).
const central = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
]
const tail = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
]

/** The inverse of the error function, from -1 to 1; infinite at both, NaN beyond them. */
export function erfinv<A extends Operand>(x: A): Result<A> {
  const value = toFloat(x)
  const w = neg(log1p(neg(mul(value, value))))
  const polynomial = ([first, ...rest]: number[], at: Tensor) =>
    rest.reduce((sum: Tensor, coefficient) => add(mul(sum, at), coefficient), full([], first as number))
  const isCentral = less(w, 5)
  // Each polynomial only where it holds: elsewhere it may be infinite, and so would be its gradient.
  const inner = polynomial(central, sub(where(isCentral, w, 2.5), 2.5))
  const isEnd = equal(abs(value), 1)
  const outer = polynomial(tail, sub(sqrt(where(isCentral, 9, where(isEnd, 9, w))), 3))
  const inside = mul(where(isCentral, inner, outer), value)
  const end = where(less(value, 0), Number.NEGATIVE_INFINITY, full([], Number.POSITIVE_INFINITY))
  return where(isEnd, end, inside) as Result<A>
}
