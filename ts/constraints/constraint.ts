import { ConfigObject, type Serialized } from '../config-object.js'
import { native } from '../native.js'
import { fromNative, type Operand, type Result, toNative } from '../ops/run.js'

/** A projection that is applied to a weight after each update. */
export class Constraint extends ConfigObject {
  /** @internal */
  constructor(serialized: Serialized) {
    super('constraint', serialized)
  }

  /** The projected weight. */
  project<A extends Operand>(weight: A): Result<A> {
    return fromNative(native.callFunction('constraint', this.json, toNative(weight))) as Result<A>
  }
}

/** Wherever a constraint is expected: one of this module, its id, or as Keras serializes it. */
export type ConstraintLike = Constraint | 'maxNorm' | 'minMaxNorm' | 'nonNeg' | 'unitNorm' | Serialized
