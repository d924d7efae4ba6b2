import { functionConfig, type Serialized } from '../config-object.js'
import { native } from '../native.js'
import { fromNative, type Operand, type Result, toNative } from '../ops/run.js'
import { toJson } from '../serialize.js'
import type { SymbolicTensor } from '../symbolic.js'

/** Ids of activations. */
export type ActivationId =
  | 'celu'
  | 'elu'
  | 'exponential'
  | 'gelu'
  | 'glu'
  | 'hardShrink'
  | 'hardSigmoid'
  | 'hardSilu'
  | 'hardSwish'
  | 'hardTanh'
  | 'leakyRelu'
  | 'linear'
  | 'logSigmoid'
  | 'logSoftmax'
  | 'mish'
  | 'relu'
  | 'relu6'
  | 'selu'
  | 'sigmoid'
  | 'silu'
  | 'softShrink'
  | 'softmax'
  | 'softplus'
  | 'softsign'
  | 'sparsePlus'
  | 'sparseSigmoid'
  | 'sparsemax'
  | 'squareplus'
  | 'swish'
  | 'tanh'
  | 'tanhShrink'

/** A function of a float32 tensor that keeps its shape (only GLU halves an axis). Works on tensors, and on traced ones in custom layers. */
export interface Activation {
  <A extends Operand>(x: A): Result<A>
  /** As Keras serializes it. */
  toJSON(): unknown
  /** @internal Whether the user wrote it: Rust calls it rather than know it. */
  readonly isCustom?: boolean
}

/** An activation written in JavaScript: it is called while a model is traced, and runs at native speed. */
export type ActivationFunction = (x: SymbolicTensor) => SymbolicTensor

/**
 * Wherever an activation is expected: one of this module, its id in camelCase or snake_case, a function of a tensor, an
 * activation layer without weights, as `layers.leakyReLU({ negativeSlope: 0.1 })`, or as Keras serializes it.
 */
export type ActivationLike = ActivationFunction | ActivationId | ActivationLayer | Serialized

/** A layer that is an activation function. */
export interface ActivationLayer {
  toJSON(): { class_name: string; config: Record<string, unknown> }
}

/** @internal An activation of a function of the user. */
export function customActivation(compute: ActivationFunction): Activation {
  const apply = (x: Operand) => compute(x as SymbolicTensor)
  Object.defineProperty(apply, 'name', { value: compute.name })
  return Object.assign(apply, { toJSON: () => functionConfig(compute), isCustom: true }) as unknown as Activation
}

/**
 * Makes a function of an activation's configuration, which is checked now.
 *
 * @internal
 */
export function activation(serialized: Serialized | ActivationLayer): Activation {
  const json = native.canonical('activation', toJson('activation', serialized))
  const apply = <A extends Operand>(x: A) =>
    fromNative(native.callFunction('activation', json, toNative(x))) as Result<A>
  return Object.assign(apply, { toJSON: () => JSON.parse(json) })
}
