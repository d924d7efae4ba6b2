import { Initializer, type SeedOptions } from './initializer.js'

const scaled =
  (class_name: string) =>
  (options: SeedOptions = {}) =>
    new Initializer({ class_name, config: options })

/** Truncated normal, standard deviation `sqrt(2 / (fanIn + fanOut))` (Glorot and Bengio, 2010). */
export const glorotNormal = scaled('GlorotNormal')

/** Uniform within `±sqrt(6 / (fanIn + fanOut))` (Glorot and Bengio, 2010). The default of kernels. */
export const glorotUniform = scaled('GlorotUniform')

/** Truncated normal, standard deviation `sqrt(2 / fanIn)`, for ReLU and its kin (He et al., 2015). */
export const heNormal = scaled('HeNormal')

/** Uniform within `±sqrt(6 / fanIn)`, for ReLU and its kin (He et al., 2015). */
export const heUniform = scaled('HeUniform')

/** Truncated normal, standard deviation `sqrt(1 / fanIn)`, for SELU (LeCun et al., 1998; Klambauer et al., 2017). */
export const lecunNormal = scaled('LecunNormal')

/** Uniform within `±sqrt(3 / fanIn)` (LeCun et al., 1998). */
export const lecunUniform = scaled('LecunUniform')
