import { Initializer, type SeedOptions } from './initializer.js'

/** Options of {@link randomNormal} and {@link truncatedNormal}. */
export interface NormalOptions extends SeedOptions {
  /** Default: 0. */
  mean?: number
  /** Standard deviation. Default: 0.05. */
  stddev?: number
}

/** Options of {@link randomUniform}. */
export interface UniformOptions extends SeedOptions {
  /** Default: -0.05. */
  minval?: number
  /** Default: 0.05. */
  maxval?: number
}

/** Normally distributed. */
export const randomNormal = (options: NormalOptions = {}) =>
  new Initializer({ class_name: 'RandomNormal', config: options })

/** Normally distributed, drawn anew beyond two standard deviations. */
export const truncatedNormal = (options: NormalOptions = {}) =>
  new Initializer({ class_name: 'TruncatedNormal', config: options })

/** Uniform between two bounds. */
export const randomUniform = (options: UniformOptions = {}) =>
  new Initializer({ class_name: 'RandomUniform', config: options })
