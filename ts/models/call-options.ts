import type { Callback } from '../callbacks/callback.js'
import { type Option, oneOf } from '../callbacks/options.js'
import type { Verbose } from '../progress/index.js'
import { isPlainObject } from '../serialize.js'
import type { Data } from './data.js'

// Options that calls of a model have in common, checked where they come in.

/** @internal */
export const verbose = (fallback: Verbose): Option<Verbose> =>
  oneOf<Verbose>(fallback, ...(['auto', 0, 1, 2] as const).filter(value => value !== fallback))

/** @internal A signal, or none. */
export const signal: Option<AbortSignal | undefined> = {
  fallback: undefined,
  expected: 'an AbortSignal',
  fits: value => value instanceof AbortSignal,
}

/** @internal What is checked where it is used. */
const anything = <T>(fallback: T): Option<T> => ({ fallback, expected: 'anything', fits: () => true })

/** @internal Checked by the list of callbacks. */
export const callbacks = anything<readonly Callback[]>([])

/** @internal Checked against the model. */
export const data = anything<Data | undefined>(undefined)

/** @internal Weights of classes. */
export const classWeight: Option<Readonly<Record<number, number>> | undefined> = {
  fallback: undefined,
  expected: 'an object of class numbers and weights of at least 0, as { 0: 1, 1: 2.5 }',
  fits: value =>
    isPlainObject(value) &&
    Object.entries(value).every(
      ([label, weight]) =>
        /^\d+$/.test(label) && typeof weight === 'number' && Number.isFinite(weight) && (weight as number) >= 0,
    ),
}
