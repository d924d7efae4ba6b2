import { axesOf, axisOf, flagsOf } from './checks.js'
import { type Operand, type Result, run } from './run.js'

/** Which axes are reduced, and whether they stay with length 1. */
export interface ReduceOptions {
  /** Default: `false`. */
  keepDims?: boolean
}

/** One axis or several; negative ones count from the end. */
export type Axis = number | readonly number[]

function reduce<A extends Operand>(op: string, x: A, axis: Axis | undefined, options: ReduceOptions): Result<A> {
  const { keepDims } = flagsOf(op, options, 'keepDims')
  return run<A>(op, [x], { axes: axesOf(op, axis), keepDims })
}

/** The sum along axes (default: all). */
export function sum<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  return reduce('sum', x, axis, options)
}

/** The product along axes (default: all). */
export function prod<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  return reduce('prod', x, axis, options)
}

/** The arithmetic mean along axes (default: all), of float32. */
export function mean<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  return reduce('mean', x, axis, options)
}

/** The largest value along axes (default: all). */
export function max<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  return reduce('max', x, axis, options)
}

/** The smallest value along axes (default: all). */
export function min<A extends Operand>(x: A, axis?: Axis, options: ReduceOptions = {}): Result<A> {
  return reduce('min', x, axis, options)
}

/** The index of the first largest value along an axis (default: the last): int32. */
export function argMax<A extends Operand>(x: A, axis = -1): Result<A> {
  return run<A>('argMax', [x], { axes: axisOf('argMax', axis) })
}
