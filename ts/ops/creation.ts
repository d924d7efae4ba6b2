import { configError, shown } from '../errors.js'
import { type Tensor, tensor } from '../tensor.js'
import type { DType, Shape } from '../types.js'
import { expandDims } from './arrangement.js'
import { sizeOf } from './checks.js'
import { cast, equal } from './elementwise.js'
import { dtypeOf, type Operand, type Result, shapeOf } from './run.js'

// Tensors that depend on no others, with the names that they have in Keras's `ops`.

/** A tensor of zeros. */
export const zeros = (shape: Shape, dtype: DType = 'float32'): Tensor => filled('zeros', shape, () => 0, dtype)

/** A tensor of ones. */
export const ones = (shape: Shape, dtype: DType = 'float32'): Tensor => filled('ones', shape, () => 1, dtype)

/** A tensor of one number. */
export function full(shape: Shape, value: number, dtype: DType = 'float32'): Tensor {
  if (typeof value !== 'number') throw configError(`full: the value must be a number; received ${shown(value)}`)
  return filled('full', shape, () => value, dtype)
}

/** Zeros in the shape of `x`, by default of its dtype. */
export const zerosLike = (x: Operand, dtype: DType = dtypeOf(x)): Tensor => zeros(shapeOf(x), dtype)

/** Ones in the shape of `x`, by default of its dtype. */
export const onesLike = (x: Operand, dtype: DType = dtypeOf(x)): Tensor => ones(shapeOf(x), dtype)

/** A number in the shape of `x`, by default of its dtype. */
export const fullLike = (x: Operand, value: number, dtype: DType = dtypeOf(x)): Tensor => full(shapeOf(x), value, dtype)

/**
 * Numbers from `start` on, `step` apart, up to `stop`, which is not one of them; of one argument: whole numbers from 0 on.
 *
 * @param dtype Default: int32 if start, stop and step are whole numbers, else float32.
 */
export function arange(start: number, stop?: number, step = 1, dtype?: DType): Tensor {
  const [first, end] = stop === undefined ? [0, start] : [start, stop]
  const given = [first, end, step]
  if (!given.every(Number.isFinite) || step === 0) {
    throw configError(`arange: expected three numbers, the step not 0; received ${shown(given)}`)
  }
  const count = Math.max(0, Math.ceil((end - first) / step))
  return filled(
    'arange',
    [count],
    i => first + i * step,
    dtype ?? (given.every(Number.isInteger) ? 'int32' : 'float32'),
  )
}

/** So many numbers from `start` to `stop`, equally far apart. */
export function linspace(start: number, stop: number, num = 50): Tensor {
  if (![start, stop].every(Number.isFinite))
    throw configError(`linspace: expected two numbers; received ${shown([start, stop])}`)
  return filled('linspace', [num], i => start + ((stop - start) * i) / Math.max(1, num - 1), 'float32')
}

/** A matrix of zeros with ones on diagonal `k`: 0 is the main one, those above are positive. Default: square. */
export function eye(rows: number, columns = rows, k = 0, dtype: DType = 'float32'): Tensor {
  if (!Number.isSafeInteger(k)) throw configError(`eye: the diagonal must be a whole number; received ${shown(k)}`)
  return filled('eye', [rows, columns], i => (Math.floor(i / columns) + k === i % columns ? 1 : 0), dtype)
}

/**
 * `[…, depth]` float32: 1 where the position along the last axis is the number, else 0 (also for numbers out of range).
 *
 * @param x Whole numbers, of any dtype.
 */
export function oneHot<A extends Operand>(x: A, depth: number): Result<A> {
  const positions = filled('oneHot', [depth], i => i, 'float32')
  return cast(equal(expandDims(cast(x as Tensor, 'float32'), -1), positions), 'float32') as Result<A>
}

function filled(op: string, shape: Shape, value: (i: number) => number, dtype: DType): Tensor {
  const { lengths, size } = sizeOf(op, shape)
  // Float32 has no place for whole numbers of more than 24 bits.
  if (dtype === 'int32') {
    const values = Array.from({ length: size }, (_, i) => value(i))
    return tensor(values, lengths, dtype)
  }
  const values = Float32Array.from({ length: size }, (_, i) => value(i))
  return tensor(values, lengths, dtype)
}
