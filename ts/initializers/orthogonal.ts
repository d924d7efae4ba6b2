import { Initializer, type SeedOptions } from './initializer.js'

/** Options of {@link orthogonal}. */
export interface OrthogonalOptions extends SeedOptions {
  /** Length of the columns (rows). Default: 1. */
  gain?: number
}

/**
 * A random matrix of orthogonal columns (of rows, if there are fewer of those), all of length `gain`; a weight of higher rank
 * is such a matrix over its last axis (Saxe et al., 2014).
 */
export const orthogonal = (options: OrthogonalOptions = {}) =>
  new Initializer({ class_name: 'Orthogonal', config: options })
