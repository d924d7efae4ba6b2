/**
 * Activation functions: of tensors, usable on their own, or named in layers.
 *
 * @module activations
 */
import type { Serialized } from '../config-object.js'
import type { Operand, Result } from '../ops/run.js'
import { type Activation, type ActivationLike, activation } from './activation.js'

export type { Activation, ActivationId, ActivationLike } from './activation.js'

function withOptions<Options extends object>(class_name: string) {
  const apply = <A extends Operand>(x: A, config: Options = {} as Options): Result<A> =>
    activation({ class_name, config })(x)
  return Object.assign(apply, { toJSON: () => class_name })
}

/** `x` where positive, else `alpha (exp(x) - 1)`. Default: alpha 1. */
export const elu = withOptions<{ alpha?: number }>('elu')

/** `exp(x)`. */
export const exponential = activation('exponential')

/** `x` where positive, else `negativeSlope x`. Default: 0.2. */
export const leakyRelu = withOptions<{ negativeSlope?: number }>('leakyRelu')

/** `x`. */
export const linear = activation('linear')

/** Options of {@link relu}. */
export interface ReluOptions {
  /** Slope below the threshold. Default: 0. */
  negativeSlope?: number
  /** The result is at most this. Default: no limit. */
  maxValue?: number | null
  /** Values below count as negative. Default: 0. */
  threshold?: number
}

/** `max(x, 0)`, with options. */
export const relu = withOptions<ReluOptions>('relu')

/** `1.05070098 elu(x, 1.67326324)` (Klambauer et al., 2017). */
export const selu = activation('selu')

/** `1 / (1 + exp(-x))`. */
export const sigmoid = activation('sigmoid')

/** `exp(x) / sum(exp(x))` along an axis. Default: -1. */
export const softmax = withOptions<{ axis?: number }>('softmax')

/** `log(1 + exp(x))`. */
export const softplus = activation('softplus')

/** The hyperbolic tangent. */
export const tanh = activation('tanh')

/** The activation with an id, e.g. `'selu'`, with its defaults. */
export const get = (id: ActivationLike): Activation => (typeof id === 'function' ? id : activation(id))

/**
 * An activation from what Keras serializes.
 *
 * @throws `GLOROT_CONFIG`, which names an unknown activation or option, or one of a wrong type.
 */
export const deserialize = (serialized: Serialized): Activation => activation(serialized)
