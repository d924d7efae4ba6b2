import { Initializer } from './initializer.js'

/** Options of {@link constant}. */
export interface ConstantOptions {
  /** Default: 0. */
  value?: number
}

/** All elements have one value. */
export const constant = (options: ConstantOptions = {}) => new Initializer({ class_name: 'Constant', config: options })
