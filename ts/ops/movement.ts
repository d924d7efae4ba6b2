import { configError, shown } from '../errors.js'
import type { Shape } from '../types.js'
import { axesOf, axisOf, lengthsOf, wholeNumbers } from './checks.js'
import { type Operand, type Result, run } from './run.js'

/** The same elements under another shape; one axis may be -1, as long as the elements allow. */
export function reshape<A extends Operand>(x: A, shape: Shape): Result<A> {
  return run<A>('reshape', [x], { shape: lengthsOf('reshape', shape, -1) })
}

/** Repeats axes of length 1, and the whole along new first axes, up to a shape. */
export function broadcastTo<A extends Operand>(x: A, shape: Shape): Result<A> {
  return run<A>('broadcastTo', [x], { shape: lengthsOf('broadcastTo', shape, 0) })
}

/** Axes in another order. Default: reversed. */
export function transpose<A extends Operand>(x: A, permutation?: readonly number[]): Result<A> {
  return run<A>('transpose', [x], { axes: axesOf('transpose', permutation) })
}

/** A part: where it begins on each axis, and its lengths; -1, or an axis left out, means as far as x reaches. */
export function slice<A extends Operand>(x: A, begin: readonly number[], size: readonly number[] = []): Result<A> {
  return run<A>('slice', [x], {
    begin: wholeNumbers('slice', 'where it begins', begin, 0),
    size: wholeNumbers('slice', 'its lengths', size, -1),
  })
}

/** x with `[before, after]` elements of a value (default: 0) added on each axis. */
export function pad<A extends Operand>(x: A, paddings: readonly (readonly [number, number])[], value = 0): Result<A> {
  if (!Array.isArray(paddings) || !paddings.every(widths => Array.isArray(widths) && widths.length === 2)) {
    throw configError(`pad: expected [before, after] for each axis; received ${shown(paddings)}`)
  }
  if (typeof value !== 'number') throw configError(`pad: the value must be a number; received ${shown(value)}`)
  const widths = (side: 0 | 1) =>
    wholeNumbers(
      'pad',
      'the widths',
      paddings.map(widths => widths[side]),
      0,
    )
  return run<A>('pad', [x], { low: widths(0), high: widths(1), value })
}

/** Tensors one after the other along an axis (default: the last). */
export function concat<A extends Operand>(parts: readonly A[], axis = -1): Result<A> {
  if (!Array.isArray(parts) || parts.length === 0) {
    throw configError(`concat: expected an array of at least one tensor; received ${shown(parts)}`)
  }
  return run<A>('concat', [...parts], { axes: axisOf('concat', axis) })
}

/** Rows of a table `[n, …]` by int32 index. */
export function gather<A extends Operand, B extends Operand>(table: A, indices: B): Result<A, B> {
  return run<A, B>('gather', [table, indices])
}
