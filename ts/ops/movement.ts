import type { Shape } from '../types.js'
import { axesOf, type Operand, type Result, run } from './run.js'

/** The same elements under another shape; one axis may be -1, as long as the elements allow. */
export function reshape<A extends Operand>(x: A, shape: Shape): Result<A> {
  return run<A>('reshape', [x], { shape: [...shape] })
}

/** Repeats axes of length 1, and the whole along new first axes, up to a shape. */
export function broadcastTo<A extends Operand>(x: A, shape: Shape): Result<A> {
  return run<A>('broadcastTo', [x], { shape: [...shape] })
}

/** Axes in another order. Default: reversed. */
export function transpose<A extends Operand>(x: A, permutation?: readonly number[]): Result<A> {
  return run<A>('transpose', [x], { axes: axesOf(permutation) })
}

/** A part: where it begins on each axis, and its lengths; -1, or an axis left out, means as far as x reaches. */
export function slice<A extends Operand>(x: A, begin: readonly number[], size: readonly number[] = []): Result<A> {
  return run<A>('slice', [x], { begin: [...begin], size: [...size] })
}

/** x with `[before, after]` elements of a value (default: 0) added on each axis. */
export function pad<A extends Operand>(x: A, paddings: readonly (readonly [number, number])[], value = 0): Result<A> {
  const low = paddings.map(([before]) => before)
  const high = paddings.map(([, after]) => after)
  return run<A>('pad', [x], { low, high, value })
}

/** Tensors one after the other along an axis (default: the last). */
export function concat<A extends Operand>(parts: readonly A[], axis = -1): Result<A> {
  return run<A>('concat', [...parts], { axes: [axis] })
}

/** Rows of a table `[n, …]` by int32 index. */
export function gather<A extends Operand, B extends Operand>(table: A, indices: B): Result<A, B> {
  return run<A, B>('gather', [table, indices])
}
