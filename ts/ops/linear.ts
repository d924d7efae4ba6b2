import { shapeError } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { flagsOf } from './checks.js'
import { mul } from './elementwise.js'
import { reshape } from './movement.js'
import { sum } from './reduce.js'
import { type Operand, type Result, run, shapeOf } from './run.js'

/** Whether the last two axes of an operand are swapped. */
export interface MatMulOptions {
  /** Default: `false`. */
  transposeA?: boolean
  /** Default: `false`. */
  transposeB?: boolean
}

/** The matrix product over the last two axes; axes before those broadcast. */
export function matMul<A extends Operand, B extends Operand>(a: A, b: B, options: MatMulOptions = {}): Result<A, B> {
  const { transposeA, transposeB } = flagsOf('matMul', options, 'transposeA', 'transposeB')
  return run<A, B>('matMul', [a, b], { transposeA, transposeB })
}

/** Of vectors their inner product, of matrices the matrix product, of numbers and tensors the product; as NumPy's up to two axes. */
export function dot<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  const [x, y] = [a as Tensor, b as Tensor]
  const ranks = [shapeOf(a).length, shapeOf(b).length] as const
  if (Math.min(...ranks) === 0) return mul(a, b)
  if (Math.max(...ranks) > 2) {
    throw shapeError(`dot: expected at most two axes; received ${ranks.join(' and ')}: use matMul or einsum`)
  }
  if (ranks[0] === 1 && ranks[1] === 1 && shapeOf(a)[0] !== shapeOf(b)[0]) {
    throw shapeError(`dot: expected vectors of one length; received ${shapeOf(a)[0]} and ${shapeOf(b)[0]}`)
  }
  if (ranks[0] === 1 && ranks[1] === 1) return sum(mul(x, y)) as Result<A, B>
  if (ranks[0] === 1) return reshape(matMul(reshape(x, [1, -1]), y), [-1]) as Result<A, B>
  if (ranks[1] === 1) return reshape(matMul(x, reshape(y, [-1, 1])), [-1]) as Result<A, B>
  return matMul(a, b)
}

/** `[n, m]`: the products of each of the n elements of a with each of the m elements of b. */
export function outer<A extends Operand, B extends Operand>(a: A, b: B): Result<A, B> {
  return mul(reshape(a as Tensor, [-1, 1]), reshape(b as Tensor, [1, -1])) as Result<A, B>
}
