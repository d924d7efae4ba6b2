import { expect } from 'vitest'
import { failure } from '../api/data.js'

/** What is none of numbers, strings, booleans, lists and objects of options. */
const odd = { symbol: Symbol('s'), bigint: 10n, date: new Date(0), map: new Map() }

const anything = {
  string: 'abc',
  empty: '',
  NaN: Number.NaN,
  infinite: Number.POSITIVE_INFINITY,
  one: 1,
  fraction: 0.5,
  true: true,
  list: [],
  nested: [[1], [2, 3]],
  object: {},
  function: () => 1,
  ...odd,
}

const without = (...names: (keyof typeof anything)[]) =>
  Object.entries(anything).filter(([name]) => !names.includes(name as keyof typeof anything))

/** Values that are wrong wherever a value of this kind is expected. */
const wrong = {
  number: without('one', 'fraction'),
  /** A number, a schedule or a function of steps. */
  scheduled: without('one', 'fraction', 'function'),
  /** A number, or one for each of a few axes. */
  numbers: without('one', 'fraction', 'list'),
  whole: without('one'),
  /** Whole, or a list of such. */
  wholes: without('one', 'list'),
  flag: without('true'),
  text: without('string', 'empty'),
  /** A string that is not empty. */
  name: without('string'),
  /** One of a few words. */
  word: without(),
  /** A name, a function or a serialized object. */
  part: without('function'),
  /** The same, but no function. */
  object: without(),
  list: without('list'),
}

export type Kind = keyof typeof wrong

/**
 * Gives an option each wrong value of its kind, and others, and expects an error that names the option.
 *
 * @param also More values that are wrong.
 * @returns How many values were tried.
 */
export async function refusals(
  option: string,
  kind: Kind,
  make: (value: never) => unknown,
  also: readonly unknown[] = [],
): Promise<number> {
  const values = [...wrong[kind], ...also.map((value, i) => [`other ${i}`, value] as const)]
  for (const [name, value] of values) {
    const where = `${option}: ${name}`
    const error = await failure(() => make(value as never)).catch(() => undefined)
    expect(error, `${where} was accepted`).toBeDefined()
    expect([where, error?.code, error?.message]).toEqual([where, 'GLOROT_CONFIG', error?.message])
    expect(error?.message, where).toContain(option)
  }
  return values.length
}
