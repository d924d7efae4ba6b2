import type { Serialized } from '../config-object.js'
import { native } from '../native.js'
import { fromNative, type Operand, type Result, toNative } from '../ops/run.js'
import { toJson } from '../serialize.js'

/** Ids of activations. */
export type ActivationId =
  | 'elu'
  | 'exponential'
  | 'leakyRelu'
  | 'linear'
  | 'relu'
  | 'selu'
  | 'sigmoid'
  | 'softmax'
  | 'softplus'
  | 'tanh'

/** A function of a float32 tensor that keeps its shape. Works on tensors, and on traced ones in custom layers. */
export interface Activation {
  <A extends Operand>(x: A): Result<A>
  /** As Keras serializes it. */
  toJSON(): unknown
}

/** Wherever an activation is expected: one of this module, its id in camelCase or snake_case, or as Keras serializes it. */
export type ActivationLike = Activation | ActivationId | Serialized

/**
 * Makes a function of an activation's configuration, which is checked now.
 *
 * @internal
 */
export function activation(serialized: Serialized): Activation {
  const json = native.canonical('activation', toJson('activation', serialized))
  const apply = <A extends Operand>(x: A) =>
    fromNative(native.callFunction('activation', json, toNative(x))) as Result<A>
  return Object.assign(apply, { toJSON: () => JSON.parse(json) })
}
