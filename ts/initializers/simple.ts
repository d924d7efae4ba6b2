import { Initializer } from './initializer.js'

/** All elements are 0. */
export const zeros = () => new Initializer('zeros')

/** All elements are 1. */
export const ones = () => new Initializer('ones')
