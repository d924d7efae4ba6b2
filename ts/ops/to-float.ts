import type { Tensor } from '../tensor.js'
import { cast } from './elementwise.js'
import { dtypeOf, type Operand } from './run.js'

/** @internal The values as float32, in which functions of numbers compute. */
export const toFloat = (x: Operand): Tensor => (dtypeOf(x) === 'float32' ? (x as Tensor) : cast(x as Tensor, 'float32'))
