import { configError, shapeError, shown } from '../errors.js'
import { type Tensor, tensor } from '../tensor.js'
import { axesOf, axisOf, wholeNumbers } from './checks.js'
import { add, cast, equal, less, where } from './elementwise.js'
import { broadcastTo, concat, gather, reshape, slice, transpose } from './movement.js'
import { type Axis, sum } from './reduce.js'
import { dtypeOf, type Operand, type Result, shapeOf } from './run.js'

// The elements of tensors in other places, with the names that these functions have in Keras's `ops`.

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

/** The same elements along one axis. */
export function ravel<A extends Operand>(x: A): Result<A> {
  return reshape(x, [-1])
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

/** The tensors along an axis (default: the first), without it. */
export function unstack<A extends Operand>(x: A, axis = 0): Result<A>[] {
  const at = placeOf('unstack', axis, shapeOf(x).length)
  return Array.from(
    { length: shapeOf(x)[at] as number },
    (_, i) => squeeze(part(x as Tensor, at, i, 1), at) as Result<A>,
  )
}

/**
 * Parts along an axis (default: the first).
 *
 * @param sections How many parts of equal length, or where all but the first begin.
 */
export function split<A extends Operand>(x: A, sections: number | readonly number[], axis = 0): Result<A>[] {
  const shape = shapeOf(x)
  const at = placeOf('split', axis, shape.length)
  const length = shape[at] as number
  let begins: number[]
  if (typeof sections === 'number') {
    if (!Number.isSafeInteger(sections) || sections < 1 || length % sections !== 0) {
      throw shapeError(
        `split: ${shown(sections)} parts of equal length cannot be made of axis ${at} of [${shape.join(', ')}]`,
      )
    }
    begins = Array.from({ length: sections }, (_, i) => (i * length) / sections)
  } else {
    begins = [0, ...wholeNumbers('split', 'where parts begin', sections, 0)]
    const ascend = begins.every((begin, i) => begin >= (begins[i - 1] ?? 0) && begin <= length)
    if (!ascend) {
      throw shapeError(`split: parts must begin at ascending places from 0 to ${length}; received ${shown(sections)}`)
    }
  }
  return begins.map((begin, i) => part(x as Tensor, at, begin, (begins[i + 1] ?? length) - begin) as Result<A>)
}

/** Two axes in each other's place. */
export function swapAxes<A extends Operand>(x: A, a: number, b: number): Result<A> {
  const rank = shapeOf(x).length
  const [i, j] = [placeOf('swapAxes', a, rank), placeOf('swapAxes', b, rank)]
  return transpose(
    x,
    Array.from({ length: rank }, (_, axis) => (axis === i ? j : axis === j ? i : axis)),
  )
}

/** An axis in another place; the others stay in order. */
export function moveAxis<A extends Operand>(x: A, from: number, to: number): Result<A> {
  const rank = shapeOf(x).length
  const [i, j] = [placeOf('moveAxis', from, rank), placeOf('moveAxis', to, rank)]
  const others = Array.from({ length: rank }, (_, axis) => axis).filter(axis => axis !== i)
  return transpose(x, others.toSpliced(j, 0, i))
}

/** The whole so many times along each axis; fewer numbers are those of the last axes. */
export function tile<A extends Operand>(x: A, repeats: number | readonly number[]): Result<A> {
  const given = wholeNumbers('tile', 'the repeats', typeof repeats === 'number' ? [repeats] : repeats, 0)
  const rank = Math.max(given.length, shapeOf(x).length)
  const times = [...Array(rank - given.length).fill(1), ...given] as number[]
  const shape = [...Array(rank - shapeOf(x).length).fill(1), ...shapeOf(x)] as number[]
  const apart = reshape(
    x as Tensor,
    shape.flatMap(length => [1, length]),
  )
  const repeated = broadcastTo(
    apart,
    shape.flatMap((length, axis) => [times[axis] as number, length]),
  )
  return reshape(
    repeated,
    shape.map((length, axis) => length * (times[axis] as number)),
  ) as Result<A>
}

/** Each element so many times in a row, along an axis; without one, of all elements along one axis. */
export function repeat<A extends Operand>(x: A, repeats: number, axis?: number): Result<A> {
  if (axis === undefined) return repeat(ravel(x as Tensor), repeats, 0) as Result<A>
  const [times] = wholeNumbers('repeat', 'the repeats', [repeats], 0) as [number]
  const shape = shapeOf(x)
  const at = placeOf('repeat', axis, shape.length)
  const repeated = broadcastTo(expandDims(x as Tensor, at + 1), shape.toSpliced(at + 1, 0, times))
  return reshape(repeated, shape.with(at, (shape[at] as number) * times)) as Result<A>
}

/** The elements in reverse along axes (default: all). */
export function flip<A extends Operand>(x: A, axis?: Axis): Result<A> {
  const shape = shapeOf(x)
  const axes = axesOf('flip', axis)?.map(axis => placeOf('flip', axis, shape.length)) ?? shape.map((_, axis) => axis)
  if (new Set(axes).size < axes.length) throw configError(`flip: an axis is given twice; received ${shown(axis)}`)
  const reversed = (length: number) => tensor(Int32Array.from({ length }, (_, i) => length - 1 - i))
  return axes.reduce(
    (flipped, at) => take(flipped, reversed(shape[at] as number), at),
    reshape(x as Tensor, shape),
  ) as Result<A>
}

/** The elements moved by `shift` places along an axis, those past its end to its begin; without an axis, of all elements. */
export function roll<A extends Operand>(x: A, shift: number, axis?: number): Result<A> {
  if (axis === undefined) return reshape(roll(ravel(x as Tensor), shift, 0), shapeOf(x)) as Result<A>
  if (!Number.isSafeInteger(shift))
    throw configError(`roll: the shift must be a whole number; received ${shown(shift)}`)
  const at = placeOf('roll', axis, shapeOf(x).length)
  const length = shapeOf(x)[at] as number
  if (length === 0) return reshape(x, shapeOf(x))
  const moved = ((shift % length) + length) % length
  const parts = [part(x as Tensor, at, length - moved, moved), part(x as Tensor, at, 0, length - moved)]
  return concat(parts, at) as Result<A>
}

/**
 * The entries along an axis that int32 indices name, negative ones from the end; without an axis, of all elements. The axes of
 * the indices are in the place of that axis. Indices out of range give NaN, in other dtypes than float32 0.
 */
export function take<A extends Operand, B extends Operand>(x: A, indices: B, axis?: number): Result<A, B> {
  if (axis === undefined) return take(ravel(x as Tensor), indices, 0) as Result<A, B>
  const [rank, indexRank] = [shapeOf(x).length, shapeOf(indices).length]
  const at = placeOf('take', axis, rank)
  const rows = gather(moveAxis(x as Tensor, at, 0), fromStart(indices as Tensor, shapeOf(x)[at] as number))
  const before = Array.from({ length: at }, (_, i) => indexRank + i)
  const own = Array.from({ length: indexRank }, (_, i) => i)
  const after = Array.from({ length: rank - 1 - at }, (_, i) => indexRank + at + i)
  return transpose(rows, [...before, ...own, ...after]) as Result<A, B>
}

/**
 * Along an axis (default: the last), for each place the entry that an int32 index there names, negative ones from the end; 0 for
 * indices out of range. `x` and the indices have as many axes.
 */
export function takeAlongAxis<A extends Operand, B extends Operand>(x: A, indices: B, axis = -1): Result<A, B> {
  const [shape, given] = [shapeOf(x), shapeOf(indices)]
  const at = placeOf('takeAlongAxis', axis, shape.length)
  if (given.length !== shape.length) {
    throw shapeError(`takeAlongAxis: expected indices of ${shape.length} axes; received shape [${given.join(', ')}]`)
  }
  const [length, dtype] = [shape[at] as number, dtypeOf(x)]
  const wanted = expandDims(moveAxis(fromStart(indices as Tensor, length), at, -1), -1)
  const positions = tensor(Int32Array.from({ length }, (_, i) => i))
  // Bytes cannot be summed.
  const values = dtype === 'float32' ? (x as Tensor) : cast(x as Tensor, 'int32')
  const rows = expandDims(moveAxis(values, at, -1), -2)
  const taken = moveAxis(sum(where(equal(wanted, positions), rows, 0), -1), -1, at)
  return (dtype === 'uint8' || dtype === 'bool' ? cast(taken, dtype) : taken) as Result<A, B>
}

/** Indices of which negative ones count from the end. */
function fromStart(indices: Tensor, length: number): Tensor {
  const whole = cast(indices, 'int32')
  return where(less(whole, 0), add(whole, length), whole)
}

function part(x: Tensor, axis: number, begin: number, length: number): Tensor {
  const shape = shapeOf(x)
  return slice(
    x,
    shape.map((_, i) => (i === axis ? begin : 0)),
    shape.map((whole, i) => (i === axis ? length : whole)),
  )
}

/** @internal An axis from the start. */
export function placeOf(op: string, axis: number, rank: number): number {
  const [given] = axisOf(op, axis) as [number]
  const at = given < 0 ? given + rank : given
  if (at >= 0 && at < rank) return at
  throw shapeError(`${op}: expected an axis from ${-rank} to ${rank - 1}; received ${given}`)
}
