import type { DType } from '../types.js'
import { type Operand, type Result, run } from './run.js'

// Functions of each element. Operands broadcast to one shape by NumPy's rule; dtypes must agree, where a number takes
// the dtype of the other operand.

/** `-x`, of float32 or int32. */
export function neg<A extends Operand>(x: A): Result<A> {
  return run<A>('neg', [x])
}

/** The absolute value, of float32 or int32. */
export function abs<A extends Operand>(x: A): Result<A> {
  return run<A>('abs', [x])
}

/** -1, 0 or 1; its derivative is 0. */
export function sign<A extends Operand>(x: A): Result<A> {
  return run<A>('sign', [x])
}

/** `e ** x`. */
export function exp<A extends Operand>(x: A): Result<A> {
  return run<A>('exp', [x])
}

/** `e ** x - 1`, exact near 0. */
export function expm1<A extends Operand>(x: A): Result<A> {
  return run<A>('expm1', [x])
}

/** The natural logarithm. */
export function log<A extends Operand>(x: A): Result<A> {
  return run<A>('log', [x])
}

/** `log(1 + x)`, exact near 0. */
export function log1p<A extends Operand>(x: A): Result<A> {
  return run<A>('log1p', [x])
}

/** The square root. */
export function sqrt<A extends Operand>(x: A): Result<A> {
  return run<A>('sqrt', [x])
}

/** `1 / sqrt(x)`. */
export function rsqrt<A extends Operand>(x: A): Result<A> {
  return run<A>('rsqrt', [x])
}

/** `1 / x`. */
export function reciprocal<A extends Operand>(x: A): Result<A> {
  return run<A>('reciprocal', [x])
}

/** `x * x`. */
export function square<A extends Operand>(x: A): Result<A> {
  return run<A>('square', [x])
}

/** The sine, of radians. */
export function sin<A extends Operand>(x: A): Result<A> {
  return run<A>('sin', [x])
}

/** The cosine, of radians. */
export function cos<A extends Operand>(x: A): Result<A> {
  return run<A>('cos', [x])
}

/** The hyperbolic tangent. */
export function tanh<A extends Operand>(x: A): Result<A> {
  return run<A>('tanh', [x])
}

/** `1 / (1 + exp(-x))`. */
export function sigmoid<A extends Operand>(x: A): Result<A> {
  return run<A>('sigmoid', [x])
}

/** `log(1 + exp(x))`, without overflow. */
export function softplus<A extends Operand>(x: A): Result<A> {
  return run<A>('softplus', [x])
}

/** `max(x, 0)`; its derivative at 0 is 0. */
export function relu<A extends Operand>(x: A): Result<A> {
  return run<A>('relu', [x])
}

/** The error function. */
export function erf<A extends Operand>(x: A): Result<A> {
  return run<A>('erf', [x])
}

/** The largest integer not above x; its derivative is 0. */
export function floor<A extends Operand>(x: A): Result<A> {
  return run<A>('floor', [x])
}

/** The smallest integer not below x; its derivative is 0. */
export function ceil<A extends Operand>(x: A): Result<A> {
  return run<A>('ceil', [x])
}

/** The nearest integer, ties to even; its derivative is 0. */
export function round<A extends Operand>(x: A): Result<A> {
  return run<A>('round', [x])
}

/** Whether x is neither NaN nor infinite: bool. */
export function isFinite<A extends Operand>(x: A): Result<A> {
  return run<A>('isFinite', [x])
}

/** Whether x is false: bool of bool. */
export function logicalNot<A extends Operand>(x: A): Result<A> {
  return run<A>('logicalNot', [x])
}

/** x itself, through which no gradient flows. */
export function stopGradient<A extends Operand>(x: A): Result<A> {
  return run<A>('stopGradient', [x])
}

/** `a + b`. */
export function add<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('add', [a, b])
}

/** `a - b`. */
export function sub<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('sub', [a, b])
}

/** `a * b`, element by element. */
export function mul<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('mul', [a, b])
}

/** `a / b`, of float32. */
export function div<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('div', [a, b])
}

/** The larger of a and b, element by element. */
export function maximum<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('maximum', [a, b])
}

/** The smaller of a and b, element by element. */
export function minimum<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('minimum', [a, b])
}

/** `a ** b`, of float32; negative a only with integral b. */
export function pow<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('pow', [a, b])
}

/** The remainder of `a / b`, with the sign of b. */
export function mod<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('mod', [a, b])
}

/** Whether both are true: bool of bool. */
export function logicalAnd<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('logicalAnd', [a, b])
}

/** Whether one is true: bool of bool. */
export function logicalOr<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('logicalOr', [a, b])
}

/** Whether `a === b`: bool. */
export function equal<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('equal', [a, b])
}

/** Whether `a !== b`: bool. */
export function notEqual<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('notEqual', [a, b])
}

/** Whether `a < b`: bool. */
export function less<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('less', [a, b])
}

/** Whether `a <= b`: bool. */
export function lessEqual<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('lessEqual', [a, b])
}

/** Whether `a > b`: bool. */
export function greater<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('greater', [a, b])
}

/** Whether `a >= b`: bool. */
export function greaterEqual<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return run<A, B>('greaterEqual', [a, b])
}

/** Where the condition (bool) holds `a`, else `b`. */
export function where<C extends Operand, A extends Operand, B extends Operand>(
  condition: C,
  a: A,
  b: B,
): Result<C, A, B> {
  return run<C, A, B>('where', [condition, a, b])
}

/** The values as another dtype: float to integer cuts off, non-zero is true. */
export function cast<A extends Operand>(x: A, dtype: DType): Result<A> {
  return run<A>('cast', [x], { dtype })
}
