import { flagsOf } from './checks.js'
import { type Operand, type Result, run } from './run.js'

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
