import { inspect } from 'node:util'
import type { SymbolicTensor as NativeSymbolicTensor } from '../native/binding.cjs'
import { configError, failure, shown } from './errors.js'
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
  /** `SymbolicTensor float32 [2, 3]` in `console.log`. */
  [inspect.custom](): string
}

/** Whether a value is a traced tensor. */
export function isSymbolic(value: unknown): value is SymbolicTensor {
  return value instanceof native.SymbolicTensor
}

/**
 * The result of a function that is traced.
 *
 * @internal
 * @param owner Whose function it is, for the error.
 */
export function traced(owner: string, compute: () => unknown): SymbolicTensor {
  const result = guarded(owner, compute)
  if (isSymbolic(result)) return result
  throw configError(`${owner} must return a tensor computed from its arguments with ops; received ${shown(result)}`)
}

/**
 * Calls a function of the user on behalf of Rust, which can pass on errors alone.
 *
 * @internal
 */
export function guarded<T>(owner: string, compute: () => T): T {
  try {
    return compute()
  } catch (thrown) {
    if (thrown instanceof Error) throw thrown
    throw failure('GLOROT_INVALID', `${owner} threw ${shown(thrown)}`)
  }
}

// Operators of JavaScript would compute with NaN, or take one branch for all values.
Object.defineProperty(native.SymbolicTensor.prototype, Symbol.toPrimitive, {
  value(this: SymbolicTensor, hint: string) {
    if (hint === 'string') return this[inspect.custom]()
    throw failure('GLOROT_INVALID', 'a traced tensor has no value yet: compute with ops, as ops.add or ops.where')
  },
})
Object.defineProperty(native.SymbolicTensor.prototype, inspect.custom, {
  value(this: SymbolicTensor) {
    return `SymbolicTensor ${this.dtype} [${this.shape.join(', ')}]`
  },
})
