import type { HostTensor, OpAttributes } from '../../native/binding.cjs'
import { prefixed } from '../errors.js'
import { native } from '../native.js'
import { isSymbolic, type SymbolicTensor } from '../symbolic.js'
import { asTensor, Tensor, type TensorLike } from '../tensor.js'
import type { DType } from '../types.js'
import { Variable } from '../variable.js'

/** What an op computes with: a tensor, a traced tensor, a variable, or numbers that become a tensor. */
export type Operand = TensorLike | Variable | SymbolicTensor

/** What an op yields: a traced tensor if an operand is one, else a tensor. */
export type Result<A, B = never, C = never> =
  Includes<A> extends true
    ? SymbolicTensor
    : Includes<B> extends true
      ? SymbolicTensor
      : Includes<C> extends true
        ? SymbolicTensor
        : [A | B | C] extends [TensorLike | Variable]
          ? Tensor
          : Tensor | SymbolicTensor

type Includes<T> = [T] extends [never] ? false : [T] extends [SymbolicTensor] ? true : false

/** @internal What Rust receives for an operand. */
export function toNative(value: Operand) {
  if (value instanceof Variable) return value.handle
  if (typeof value === 'number' || isSymbolic(value)) return value
  return asTensor(value)
}

/** @internal The shape of an operand. */
export function shapeOf(value: Operand | undefined): readonly number[] {
  if (value instanceof Variable || isSymbolic(value)) return value.shape
  return asTensor(value as TensorLike).shape
}

/** @internal The dtype of an operand. */
export function dtypeOf(value: Operand): DType {
  if (value instanceof Variable || isSymbolic(value)) return value.dtype
  return asTensor(value as TensorLike).dtype
}

/** @internal What the caller gets for a result of Rust. */
export function fromNative(value: HostTensor | InstanceType<typeof native.SymbolicTensor>): Tensor | SymbolicTensor {
  return isSymbolic(value) ? value : new Tensor(value as HostTensor)
}

/**
 * Adds an op to the trace of its operands, or runs it at once if none is traced.
 *
 * @internal
 */
export function run<A extends Operand, B extends Operand = never, C extends Operand = never>(
  name: string,
  operands: [A, B?, C?] | Operand[],
  attributes: OpAttributes = {},
): Result<A, B, C> {
  const inputs = prefixed(name, () => (operands as Operand[]).map(toNative))
  return fromNative(native.op(name, inputs, attributes)) as Result<A, B, C>
}
