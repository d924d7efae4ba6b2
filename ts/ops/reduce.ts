import { axesOf, type Operand, type Result, run } from './run.js'

/** Which axes are reduced, and whether they stay with length 1. */
export interface ReduceOptions {
  /** Default: `false`. */
  keepDims?: boolean
}

/** One axis or several; negative ones count from the end. */
export type Axis = number | readonly number[]

/** The sum along axes (default: all). */
export function sum<A extends Operand>(x: A, axis?: Axis, { keepDims }: ReduceOptions = {}): Result<A> {
  return run<A>('sum', [x], { axes: axesOf(axis), keepDims })
}

/** The product along axes (default: all). */
export function prod<A extends Operand>(x: A, axis?: Axis, { keepDims }: ReduceOptions = {}): Result<A> {
  return run<A>('prod', [x], { axes: axesOf(axis), keepDims })
}

/** The arithmetic mean along axes (default: all), of float32. */
export function mean<A extends Operand>(x: A, axis?: Axis, { keepDims }: ReduceOptions = {}): Result<A> {
  return run<A>('mean', [x], { axes: axesOf(axis), keepDims })
}

/** The largest value along axes (default: all). */
export function max<A extends Operand>(x: A, axis?: Axis, { keepDims }: ReduceOptions = {}): Result<A> {
  return run<A>('max', [x], { axes: axesOf(axis), keepDims })
}

/** The smallest value along axes (default: all). */
export function min<A extends Operand>(x: A, axis?: Axis, { keepDims }: ReduceOptions = {}): Result<A> {
  return run<A>('min', [x], { axes: axesOf(axis), keepDims })
}

/** The index of the first largest value along an axis (default: the last): int32. */
export function argMax<A extends Operand>(x: A, axis = -1): Result<A> {
  return run<A>('argMax', [x], { axes: [axis] })
}
