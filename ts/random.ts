import { configError, shown } from './errors.js'
/**
 * The seed of everything random that has none of its own: initial weights, dropout, shuffling.
 *
 * @module random
 */
import { native } from './native.js'

/**
 * Makes all later random numbers of this thread a function of the seed, so that a run can be repeated bit for bit, with
 * any number of threads. Without it the seed comes from the system.
 *
 * @param seed A whole number from 0 to 2⁵³ - 1.
 */
export function setSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw configError(`seed: expected a whole number from 0, received ${shown(seed)}`)
  native.setSeed(seed)
}
