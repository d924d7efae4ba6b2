import { ConfigObject, type Serialized } from '../config-object.js'
import { native } from '../native.js'
import { fromNative, type Operand, type Result, toNative } from '../ops/run.js'
import type { SymbolicTensor } from '../symbolic.js'

/** A regularizer written in JavaScript: the penalty of a weight, a float32 scalar computed with {@link ops}. */
export type RegularizerFunction = (weight: SymbolicTensor) => SymbolicTensor

/**
 * A penalty that is added to the loss. To write your own, extend it and implement `call` (and `getConfig`, if it has
 * options), or pass a function wherever a regularizer is expected. It is called while a model is traced, and runs at
 * native speed.
 *
 * @example
 * class Smooth extends regularizers.Regularizer {
 *   call(weight) { return ops.mul(0.01, ops.sum(ops.log1p(ops.square(weight)))) }
 * }
 */
export class Regularizer extends ConfigObject<RegularizerFunction> {
  /** @param definition Internal. */
  constructor(definition?: Serialized | RegularizerFunction) {
    super('regularizer', definition)
  }

  /** The penalty of a weight: float32 scalar. */
  penalty<A extends Operand>(weight: A): Result<A> {
    if (this.isCustom) return this.call(weight as never) as Result<A>
    return fromNative(native.callFunction('regularizer', this.json, toNative(weight))) as Result<A>
  }

  /** Computes it. Classes that extend this one implement it. */
  call(weight: SymbolicTensor): SymbolicTensor {
    if (this.compute) return this.compute(weight)
    if (this.isCustom) throw this.missing('call(weight)')
    return this.penalty(weight)
  }
}

/** Wherever a regularizer is expected: one of this module, its id, a function of a weight, or as Keras serializes it. */
export type RegularizerLike = Regularizer | RegularizerFunction | 'l1' | 'l2' | 'l1l2' | 'orthogonal' | Serialized
