import { ConfigObject, type Serialized } from '../config-object.js'
import { native } from '../native.js'
import { Tensor } from '../tensor.js'
import type { DType, Shape } from '../types.js'

/** Makes the first values of a weight. */
export class Initializer extends ConfigObject {
  /** @internal */
  constructor(serialized: Serialized) {
    super('initializer', serialized)
  }

  /** A tensor of the given shape: `[inputs, units]` for a dense kernel. Without a `seed`, new values at each call. */
  initialize(shape: Shape, dtype: DType = 'float32'): Tensor {
    return new Tensor(native.initialize(this.json, [...shape], dtype))
  }
}

/** Wherever an initializer is expected: one of this module, its id in camelCase or snake_case, or as Keras serializes it. */
export type InitializerLike = Initializer | InitializerId | Serialized

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
