import { configError, shown } from '../errors.js'

// Arguments of ops, checked before Rust takes them: there whole numbers have 32 bits, and a wrong one would be cut.

/** The most axes of a tensor. */
const maxRank = 32

const isWhole = (value: unknown, least: number) =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) < 2 ** 31

/** @internal Whether it is a list of whole numbers. */
const areWhole = (values: unknown, least: number): values is readonly number[] =>
  Array.isArray(values) && values.every(value => isWhole(value, least))

/**
 * A list of whole numbers.
 *
 * @internal
 * @throws `GLOROT_CONFIG`
 */
export function wholeNumbers(op: string, what: string, values: unknown, least: number): number[] {
  if (areWhole(values, least)) return [...values]
  throw configError(`${op}: ${what} must be whole numbers of at least ${least}, as [0, 2]; received ${shown(values)}`)
}

/** @internal One axis or several; `undefined`: all. */
export function axesOf(op: string, axis: unknown): number[] | undefined {
  if (axis === undefined) return undefined
  const axes = Array.isArray(axis) ? axis : [axis]
  if (areWhole(axes, -maxRank)) return [...axes]
  throw configError(`${op}: the axis must be a whole number, or an array of these; received ${shown(axis)}`)
}

/** @internal Exactly one axis. */
export function axisOf(op: string, axis: unknown): number[] {
  if (isWhole(axis, -maxRank)) return [axis as number]
  throw configError(`${op}: the axis must be a whole number; received ${shown(axis)}`)
}

/**
 * Lengths of axes.
 *
 * @internal
 * @param least -1, where one of them may be left open.
 */
export function lengthsOf(op: string, shape: unknown, least: 0 | -1): number[] {
  if (areWhole(shape, least) && shape.length <= maxRank) return [...shape]
  const expected = `the shape must be an array of at most ${maxRank} lengths, as [3, 4]`
  throw configError(`${op}: ${expected}; received ${shown(shape)}`)
}

/** @internal Options that are true or false. */
export function flagsOf<K extends string>(op: string, given: unknown, ...known: K[]): Partial<Record<K, boolean>> {
  if (typeof given !== 'object' || given === null) {
    throw configError(`${op}: expected an object of options; received ${shown(given)}`)
  }
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name as K)) {
      throw configError(`${op}: unknown option '${name}'; known options: ${known.join(', ')}`)
    }
    if (value !== undefined && typeof value !== 'boolean') {
      throw configError(`${op}: option '${name}' must be true or false; received ${shown(value)}`)
    }
  }
  return given as Partial<Record<K, boolean>>
}
