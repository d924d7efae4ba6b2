import { inspect } from 'node:util'
import type { SymbolicTensor as NativeSymbolicTensor } from '../native/binding.cjs'
import { native } from './native.js'

declare const brand: unique symbol

/**
 * A tensor of a program under construction: what the `call` of a custom layer, a custom loss, or a function under
 * {@link grad} receives. It has a `shape` and a `dtype`, and no values yet; {@link ops} on it become part of the
 * program, with gradients, and run at native speed. It is valid only while that function runs.
 */
export interface SymbolicTensor extends NativeSymbolicTensor {
  /** @internal Tells it from a {@link Tensor}, which has a shape and a dtype too. */
  readonly [brand]: true
}

/** Whether a value is a traced tensor. */
export function isSymbolic(value: unknown): value is SymbolicTensor {
  return value instanceof native.SymbolicTensor
}

/**
 * A result of a function that is traced.
 *
 * @internal
 * @param owner Whose function it is, for the error.
 */
export function traced(owner: string, result: unknown): SymbolicTensor {
  if (isSymbolic(result)) return result
  const message = `${owner} must return a tensor computed from its arguments with ops; received ${inspect(result)}`
  throw Object.assign(new TypeError(message), { code: 'GLOROT_CONFIG' })
}
