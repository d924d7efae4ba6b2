import { ConfigObject, type Serialized } from '../config-object.js'
import { native } from '../native.js'
import { fromNative, type Operand, type Result, toNative } from '../ops/run.js'
import type { SymbolicTensor } from '../symbolic.js'

/** A constraint written in JavaScript: the projected weight, of the weight's shape, computed with {@link ops}. */
export type ConstraintFunction = (weight: SymbolicTensor) => SymbolicTensor

/**
 * A projection that is applied to a weight after each update. To write your own, extend it and implement `call` (and
 * `getConfig`, if it has options), or pass a function wherever a constraint is expected. It is called while a model is
 * traced, and runs at native speed.
 *
 * @example
 * class CenterAround extends constraints.Constraint {
 *   call(weight) { return ops.sub(weight, ops.mean(weight)) }
 * }
 */
export class Constraint extends ConfigObject<ConstraintFunction> {
  /** @param definition Internal. */
  constructor(definition?: Serialized | ConstraintFunction) {
    super('constraint', definition)
  }

  /** The projected weight. */
  project<A extends Operand>(weight: A): Result<A> {
    if (this.isCustom) return this.call(weight as never) as Result<A>
    return fromNative(native.callFunction('constraint', this.json, toNative(weight))) as Result<A>
  }

  /** Computes it. Classes that extend this one implement it. */
  call(weight: SymbolicTensor): SymbolicTensor {
    if (this.compute) return this.compute(weight)
    if (this.isCustom) throw this.missing('call(weight)')
    return this.project(weight)
  }
}

/** Wherever a constraint is expected: one of this module, its id, a function of a weight, or as Keras serializes it. */
export type ConstraintLike =
  | Constraint
  | ConstraintFunction
  | 'maxNorm'
  | 'minMaxNorm'
  | 'nonNeg'
  | 'unitNorm'
  | Serialized
