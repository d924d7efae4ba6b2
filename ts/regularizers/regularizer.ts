import { ConfigObject, type Serialized } from '../config-object.js'
import { native } from '../native.js'
import { fromNative, type Operand, type Result, toNative } from '../ops/run.js'

/** A penalty that is added to the loss. */
export class Regularizer extends ConfigObject {
  /** @internal */
  constructor(serialized: Serialized) {
    super('regularizer', serialized)
  }

  /** The penalty of a weight: float32 scalar. */
  penalty<A extends Operand>(weight: A): Result<A> {
    return fromNative(native.callFunction('regularizer', this.json, toNative(weight))) as Result<A>
  }
}

/** Wherever a regularizer is expected: one of this module, its id, or as Keras serializes it. */
export type RegularizerLike = Regularizer | 'l1' | 'l2' | 'l1l2' | 'orthogonal' | Serialized
