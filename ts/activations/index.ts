/**
 * Activation functions: of tensors, usable on their own, or named in layers.
 *
 * @module activations
 */
import type { Serialized } from '../config-object.js'
import type { Operand, Result } from '../ops/run.js'
import { type Activation, type ActivationLike, activation, customActivation } from './activation.js'

export type { Activation, ActivationFunction, ActivationId, ActivationLayer, ActivationLike } from './activation.js'

function withOptions<Options extends object>(class_name: string) {
  const apply = <A extends Operand>(x: A, config: Options = {} as Options): Result<A> =>
    activation({ class_name, config })(x)
  return Object.assign(apply, { toJSON: () => class_name })
}

/** `x` where positive, else `alpha (exp(x / alpha) - 1)`. Default: alpha 1; greater than 0. */
export const celu = withOptions<{ alpha?: number }>('celu')

/** `x` where positive, else `alpha (exp(x) - 1)`. Default: alpha 1. */
export const elu = withOptions<{ alpha?: number }>('elu')

/** `exp(x)`. */
export const exponential = activation('exponential')

/**
 * `x (1 + erf(x / sqrt(2))) / 2`, or, `approximate`, `x (1 + tanh(sqrt(2 / π) (x + 0.044715 x³))) / 2`. Default: exact
 * (Hendrycks and Gimpel, 2016).
 */
export const gelu = withOptions<{ approximate?: boolean }>('gelu')

/**
 * The first half along an axis times the sigmoid of the second: the axis becomes half as long. Default: -1, the last (Dauphin
 * et al., 2017).
 */
export const glu = withOptions<{ axis?: number }>('glu')

/** `x` where `|x| > threshold`, else 0. Default: 0.5. */
export const hardShrink = withOptions<{ threshold?: number }>('hardShrink')

/** `relu6(x + 3) / 6`. */
export const hardSigmoid = activation('hardSigmoid')

/** `x hardSigmoid(x)` (Howard et al., 2019). */
export const hardSilu = activation('hardSilu')

/** The same as {@link hardSilu}. */
export const hardSwish = hardSilu

/** `x` cut at -1 and 1. */
export const hardTanh = activation('hardTanh')

/** `x` where positive, else `negativeSlope x`. Default: 0.2. */
export const leakyRelu = withOptions<{ negativeSlope?: number }>('leakyRelu')

/** `x`. */
export const linear = activation('linear')

/** `log(1 / (1 + exp(-x)))`. */
export const logSigmoid = activation('logSigmoid')

/** `x - log(sum(exp(x)))` along an axis. Default: -1, the last. */
export const logSoftmax = withOptions<{ axis?: number }>('logSoftmax')

/** `x tanh(softplus(x))` (Misra, 2019). */
export const mish = activation('mish')

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

/** `max(x, 0)`, cut at 6. */
export const relu6 = activation('relu6')

/** `1.05070098 elu(x, 1.67326324)` (Klambauer et al., 2017). */
export const selu = activation('selu')

/** `1 / (1 + exp(-x))`. */
export const sigmoid = activation('sigmoid')

/** `x sigmoid(x)` (Elfwing et al., 2017). */
export const silu = activation('silu')

/** `x` brought nearer to 0 by `threshold`, and 0 within it. Default: 0.5. */
export const softShrink = withOptions<{ threshold?: number }>('softShrink')

/** `exp(x) / sum(exp(x))` along an axis. Default: -1. */
export const softmax = withOptions<{ axis?: number }>('softmax')

/** `log(1 + exp(x))`. */
export const softplus = activation('softplus')

/** `x / (1 + |x|)`. */
export const softsign = activation('softsign')

/** 0 up to -1, `(x + 1)² / 4` between -1 and 1, `x` from 1 on. */
export const sparsePlus = activation('sparsePlus')

/** `(x + 1) / 2`, cut at 0 and 1. */
export const sparseSigmoid = activation('sparseSigmoid')

/**
 * `max(x - τ, 0)` along an axis, with the τ for which it sums to 1. Default: -1, the last (Martins and Astudillo, 2016). The
 * work is quadratic in the axis's length.
 */
export const sparsemax = withOptions<{ axis?: number }>('sparsemax')

/** `(x + sqrt(x² + b)) / 2`. Default: b 4; greater than 0 (Barron, 2021). */
export const squareplus = withOptions<{ b?: number }>('squareplus')

/** The same as {@link silu}. */
export const swish = silu

/** The hyperbolic tangent. */
export const tanh = activation('tanh')

/** `x - tanh(x)`. */
export const tanhShrink = activation('tanhShrink')

/** Options of {@link threshold}. */
export interface ThresholdOptions {
  /** Values above stay as they are. */
  threshold: number
  /** What the others become. */
  defaultValue: number
}

/** `x` where greater than `threshold`, else `defaultValue`. */
export const threshold = <A extends Operand>(x: A, config: ThresholdOptions): Result<A> =>
  activation({ class_name: 'threshold', config })(x)

/** The activation with an id, e.g. `'selu'`, with its defaults; or that of a function. */
export const get = (id: ActivationLike): Activation => {
  if (typeof id !== 'function') return activation(id)
  return 'toJSON' in id ? (id as Activation) : customActivation(id)
}

/**
 * An activation from what Keras serializes.
 *
 * @throws `GLOROT_CONFIG`, which names an unknown activation or option, or one of a wrong type.
 */
export const deserialize = (serialized: Serialized): Activation => activation(serialized)
