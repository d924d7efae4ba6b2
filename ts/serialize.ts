import { configError, shown } from './errors.js'
import { refuseFactory } from './factories.js'

/** An object that says itself how it is serialized: `{ class_name, config }`. */
export interface Serializable {
  toJSON(): unknown
}

/**
 * Options as JSON, the one way in which they reach Rust, where names, types and ranges are checked. Names stay as they
 * are (both spellings are understood there), `undefined` means not given, and objects that serialize themselves do so.
 *
 * @param lend Gives a value a number that JSON cannot hold: a function of the user; `undefined`: it has none.
 * @throws `GLOROT_CONFIG` for what JSON cannot hold: functions, NaN, infinite numbers, objects that contain themselves.
 */
export function toJson(owner: string, options: unknown, lend?: (value: unknown) => number | undefined): string {
  const within: object[] = []
  return JSON.stringify(options ?? null, function (this: Record<string, unknown>, key, value: unknown) {
    // `value` is what `toJSON` gave, if there is one.
    const given = this[key]
    refuseFactory(owner, key, given)
    const number = lend?.(given)
    const json = number === undefined ? plain(value) : { ...named(given, value), number }
    const name = key ? `option '${key}'` : 'what is given'
    const cannot =
      typeof json === 'function' ||
      typeof json === 'symbol' ||
      typeof json === 'bigint' ||
      isOpaque(given) ||
      (typeof json === 'number' && !Number.isFinite(json))
    if (cannot) throw configError(`${owner}: ${name} cannot be ${shown(isOpaque(given) ? given : json)}`)
    if (typeof json === 'object' && json !== null) {
      while (within.length > 0 && within.at(-1) !== this) within.pop()
      if (within.includes(json)) throw configError(`${owner}: ${name} contains itself`)
      within.push(json)
    }
    return json
  })
}

/** Typed arrays are lists of numbers. */
const plain = (value: unknown) =>
  ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value as Float32Array) : value

/** What JSON would write as if it were something else: dates, maps, promises and their like. */
const isOpaque = (value: unknown) =>
  typeof value === 'object' &&
  value !== null &&
  !ArrayBuffer.isView(value) &&
  !['[object Object]', '[object Array]'].includes(Object.prototype.toString.call(value))

/** @internal Whether it is an object of names and values, and no object of a class. */
export const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))

/** How Rust names a function, or an object of a class of the user. */
const named = (given: unknown, value: unknown) =>
  typeof given === 'function'
    ? { class_name: 'function', config: given.name || 'anonymous' }
    : { ...(value as object), custom: true }
