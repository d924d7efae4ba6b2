import type { SymbolicTensor as NativeSymbolicTensor } from '../native/binding.cjs'
import { native } from './native.js'

declare const traced: unique symbol

/**
 * A tensor of a program under construction: what the `call` of a custom layer, a custom loss, or a function under
 * {@link grad} receives. It has a `shape` and a `dtype`, and no values yet; {@link ops} on it become part of the
 * program, with gradients, and run at native speed. It is valid only while that function runs.
 */
export interface SymbolicTensor extends NativeSymbolicTensor {
  /** @internal Tells it from a {@link Tensor}, which has a shape and a dtype too. */
  readonly [traced]: true
}

/** Whether a value is a traced tensor. */
export function isSymbolic(value: unknown): value is SymbolicTensor {
  return value instanceof native.SymbolicTensor
}
