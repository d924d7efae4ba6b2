import type { Logs } from './history.js'

/**
 * `val_sparse_accuracy` to `valSparseAccuracy`: how logs are named in JavaScript.
 *
 * @internal
 */
export const camelCase = (name: string) => name.replace(/_+([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase())

/** Where logs keep the names that Keras gives them. */
const original = Symbol('original names')

/**
 * Logs with names in camelCase, from Keras's names.
 *
 * @internal
 */
export function namedLogs(names: readonly string[], values: readonly number[]): Logs {
  const camel = names.map(camelCase)
  const logs = Object.fromEntries(camel.map((name, i) => [name, values[i] as number]))
  const originals = new Map(camel.map((name, i) => [name, names[i] as string]))
  return Object.defineProperty(logs, original, { value: originals })
}

/**
 * The logs of an epoch with those of its validation.
 *
 * @internal
 */
export function withValidation(logs: Logs, scores: Logs): Logs {
  const validation = Object.entries(kerasNames(scores)).map(([name, value]) => [`val_${name}`, value] as const)
  const all = [...Object.entries(kerasNames(logs)), ...validation]
  return namedLogs(
    all.map(([name]) => name),
    all.map(([, value]) => value),
  )
}

/**
 * The same logs under Keras's names, for files that other programs read.
 *
 * @internal
 */
export function kerasNames(logs: Logs): Record<string, number> {
  const originals = (logs as { [original]?: Map<string, string> })[original]
  const snake = (name: string) => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [originals?.get(name) ?? snake(name), value]))
}
