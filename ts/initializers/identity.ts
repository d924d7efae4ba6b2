import { Initializer } from './initializer.js'

/** Options of {@link identity}. */
export interface IdentityOptions {
  /** The value on the diagonal. Default: 1. */
  gain?: number
}

/** The identity matrix, square or not, times `gain`. Only for weights of rank 2. */
export const identity = (options: IdentityOptions = {}) => new Initializer({ class_name: 'Identity', config: options })
