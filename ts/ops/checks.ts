import { configError, shapeError, shown } from '../errors.js'

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

/** @internal The lengths of a tensor's axes, and how many elements it has. */
export function sizeOf(op: string, shape: unknown): { lengths: number[]; size: number } {
  const lengths = lengthsOf(op, shape, 0)
  const size = lengths.reduce((product, length) => product * length, 1)
  if (size < 2 ** 31) return { lengths, size }
  throw shapeError(`${op}: shape [${lengths.join(', ')}] would have 2^31 elements or more; make it smaller`)
}

/** @internal Options that are true or false. */
export function flagsOf<K extends string>(op: string, given: unknown, ...known: K[]): Partial<Record<K, boolean>> {
  return optionsOf(op, given, known, 'true or false', (value): value is boolean => typeof value === 'boolean')
}

/**
 * Options of one kind.
 *
 * @internal
 * @param expected What they must be, where `fits` is false.
 */
export function optionsOf<K extends string, T>(
  op: string,
  given: unknown,
  known: readonly K[],
  expected: string,
  fits: (value: unknown, name: K) => value is T,
): Partial<Record<K, T>> {
  if (typeof given !== 'object' || given === null) {
    throw configError(`${op}: expected an object of options; received ${shown(given)}`)
  }
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name as K)) {
      throw configError(`${op}: unknown option '${name}'; known options: ${known.join(', ')}`)
    }
    if (value !== undefined && !fits(value, name as K)) {
      throw configError(`${op}: option '${name}' must be ${expected}; received ${shown(value)}`)
    }
  }
  return given as Partial<Record<K, T>>
}
