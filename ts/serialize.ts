import { inspect } from 'node:util'

/** An object that says itself how it is serialized: `{ class_name, config }`. */
export interface Serializable {
  toJSON(): unknown
}

/**
 * Options as JSON, the one way in which they reach Rust, where names, types and ranges are checked. Names stay as they
 * are (both spellings are understood there), `undefined` means not given, and objects that serialize themselves do so.
 *
 * @throws `GLOROT_CONFIG` for what JSON cannot hold: functions, NaN, infinite numbers.
 */
export function toJson(owner: string, options: unknown): string {
  return JSON.stringify(options ?? null, function (this: unknown, key, value: unknown) {
    const cannot =
      typeof value === 'function' ||
      typeof value === 'symbol' ||
      typeof value === 'bigint' ||
      (typeof value === 'number' && !Number.isFinite(value))
    if (cannot) throw configError(`${owner}: option '${key}' cannot be ${inspect(value)}`)
    return value
  })
}

/** An error about an option. */
export function configError(message: string): Error {
  return Object.assign(new Error(message), { code: 'GLOROT_CONFIG' })
}
