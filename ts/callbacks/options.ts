import { inspect } from 'node:util'
import { configError, shown } from '../errors.js'
import { camelCase } from '../models/names.js'

/**
 * What an option may be, and what it is where it is not given.
 *
 * @internal
 */
export interface Option<T> {
  readonly fallback: T
  /** Completes "must be …". */
  readonly expected: string
  readonly fits: (value: unknown) => boolean
}

/** Limits of a number. */
interface Limits {
  min?: number
  /** Exclusive. */
  above?: number
  /** Exclusive. */
  below?: number
  max?: number
}

const words = ({ min, above, below, max }: Limits) =>
  [
    min !== undefined && ` of at least ${min}`,
    above !== undefined && ` greater than ${above}`,
    below !== undefined && ` less than ${below}`,
    max !== undefined && ` at most ${max}`,
  ]
    .filter(Boolean)
    .join(' and')

const within = (value: number, { min, above, below, max }: Limits) =>
  (min === undefined || value >= min) &&
  (above === undefined || value > above) &&
  (below === undefined || value < below) &&
  (max === undefined || value <= max)

/** @internal A finite number. */
export const number = (fallback: number, limits: Limits = {}): Option<number> => ({
  fallback,
  expected: `a number${words(limits)}`,
  fits: value => typeof value === 'number' && Number.isFinite(value) && within(value, limits),
})

/** @internal A whole number. */
export const integer = (fallback: number, limits: Limits = {}): Option<number> => ({
  fallback,
  expected: `a whole number${words(limits)}`,
  fits: value => Number.isSafeInteger(value) && within(value as number, limits),
})

/** @internal */
export const flag = (fallback: boolean): Option<boolean> => ({
  fallback,
  expected: 'true or false',
  fits: value => typeof value === 'boolean',
})

/** @internal A text that is not empty. */
export const text = (fallback: string): Option<string> => ({
  fallback,
  expected: 'a string that is not empty',
  fits: value => typeof value === 'string' && value !== '',
})

/** @internal One of a few values. */
export const oneOf = <const T>(fallback: T, ...others: T[]): Option<T> => ({
  fallback,
  expected: [fallback, ...others].map(value => inspect(value)).join(' or '),
  fits: value => [fallback, ...others].includes(value as T),
})

/** @internal Not given, or `null`: none. */
export const optional = <T>(option: Option<T>): Option<T | null> => ({
  fallback: null,
  expected: `${option.expected}, or null`,
  fits: value => value === null || option.fits(value),
})

/** @internal An option that has no default. */
export const required = <T>(option: Option<T>): Option<T> => ({ ...option, fits: option.fits, fallback: missing as T })

const missing = Symbol('missing')

/** @internal One kind or another; the first one's fallback. */
export const either = <A, B>(a: Option<A>, b: Option<B>): Option<A | B> => ({
  fallback: a.fallback,
  expected: `${a.expected} or ${b.expected}`,
  fits: value => a.fits(value) || b.fits(value),
})

type Read<O extends Record<string, Option<unknown>>> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never
}

/**
 * All options of a callback, checked. Names may be in snake_case, as in Keras.
 *
 * @internal
 * @throws `GLOROT_CONFIG`, which names an option that is unknown, missing or wrong.
 */
export function readOptions<O extends Record<string, Option<unknown>>>(
  owner: string,
  given: object | undefined | null,
  known: O,
): Read<O> {
  if (given != null && (typeof given !== 'object' || Array.isArray(given))) {
    throw configError(`${owner}: expected an object of options, received ${shown(given)}`)
  }
  const result: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given ?? {})) {
    const option = known[camelCase(name)]
    if (!option)
      throw configError(`${owner}: unknown option '${name}'; known options: ${Object.keys(known).join(', ')}`)
    if (value === undefined) continue
    if (!option.fits(value)) {
      throw configError(`${owner}: option '${name}' must be ${option.expected}; received ${shown(value)}`)
    }
    result[camelCase(name)] = value
  }
  for (const [name, { fallback, expected }] of Object.entries(known)) {
    result[name] ??= fallback
    if (result[name] === missing) throw configError(`${owner}: option '${name}' is missing: it must be ${expected}`)
  }
  return result as Read<O>
}
