import { inspect } from 'node:util'

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
    const number = lend?.(given)
    const json = number === undefined ? plain(value) : { ...named(given, value), number }
    const name = key ? `option '${key}'` : 'the options'
    const cannot =
      typeof json === 'function' ||
      typeof json === 'symbol' ||
      typeof json === 'bigint' ||
      (typeof json === 'number' && !Number.isFinite(json))
    if (cannot) throw configError(`${owner}: ${name} cannot be ${shown(json)}`)
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

/** How Rust names a function, or an object of a class of the user. */
const named = (given: unknown, value: unknown) =>
  typeof given === 'function'
    ? { class_name: 'function', config: given.name || 'anonymous' }
    : { ...(value as object), custom: true }

/** A value for an error message: short, on one line. */
export function shown(value: unknown): string {
  const text = inspect(value, {
    depth: 1,
    maxArrayLength: 6,
    maxStringLength: 100,
    breakLength: Number.POSITIVE_INFINITY,
  })
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** An error about an option. */
export function configError(message: string): Error {
  return Object.assign(new Error(message), { code: 'GLOROT_CONFIG' })
}
