import { ConfigObject, type Serialized } from '../config-object.js'
import { configError, shown } from '../errors.js'
import { native } from '../native.js'
import { lengthsOf } from '../ops/checks.js'
import { asTensor, Tensor, type TensorLike } from '../tensor.js'
import type { DType, Shape } from '../types.js'

/** An initializer written in JavaScript: makes the first values of a weight from its shape and dtype. */
export type InitializerFunction = (shape: number[], dtype: DType) => TensorLike

/**
 * Makes the first values of a weight. To write your own, extend it and implement `call` (and `getConfig`, if it has
 * options), or pass a function wherever an initializer is expected.
 *
 * @example
 * class Halves extends initializers.Initializer {
 *   call(shape) { return ops.broadcastTo(0.5, shape) }
 * }
 */
export class Initializer extends ConfigObject<InitializerFunction> {
  /** @param definition Internal. */
  constructor(definition?: Serialized | InitializerFunction) {
    super('initializer', definition)
  }

  /** A tensor of the given shape: `[inputs, units]` for a dense kernel. Without a `seed`, new values at each call. */
  initialize(shape: Shape, dtype: DType = 'float32'): Tensor {
    const lengths = lengthsOf(this.className, shape, 0)
    if (this.isCustom) return asTensor(this.call(lengths, dtype), dtype)
    if (typeof dtype !== 'string')
      throw configError(`${this.className}: the dtype must be a string; received ${shown(dtype)}`)
    return new Tensor(native.initialize(this.json, lengths, dtype))
  }

  /** Computes the values. Classes that extend this one implement it. */
  call(shape: number[], dtype: DType): TensorLike {
    if (this.compute) return this.compute(shape, dtype)
    if (this.isCustom) throw this.missing('call(shape, dtype)')
    return this.initialize(shape, dtype)
  }
}

/**
 * Wherever an initializer is expected: one of this module, its id in camelCase or snake_case, a function of a shape and a
 * dtype, or as Keras serializes it.
 */
export type InitializerLike = Initializer | InitializerFunction | InitializerId | Serialized

/** Ids of initializers. */
export type InitializerId =
  | 'constant'
  | 'glorotNormal'
  | 'glorotUniform'
  | 'heNormal'
  | 'heUniform'
  | 'identity'
  | 'lecunNormal'
  | 'lecunUniform'
  | 'ones'
  | 'orthogonal'
  | 'randomNormal'
  | 'randomUniform'
  | 'truncatedNormal'
  | 'varianceScaling'
  | 'zeros'

/** Options of initializers that draw random numbers. */
export interface SeedOptions {
  /** Same seed, same values. Default: drawn from the seed of {@link random.setSeed}. */
  seed?: number | null
}
