import { configError } from './errors.js'

/** Functions that make objects, with their names: `losses.huber`. */
const factories = new WeakMap<object, string>()

/** @internal Notes what a module has: one of these in the place of what it makes was not called. */
export function noteFactories(module: string, exports: object): void {
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value === 'function' && !('toJSON' in value)) factories.set(value, `${module}.${name}`)
  }
}

/**
 * Refuses a factory, or class, where something that it makes is expected.
 *
 * @internal
 */
export function refuseFactory(owner: string, option: string, value: unknown): void {
  const name = typeof value === 'function' ? factories.get(value) : undefined
  if (name === undefined) return
  const where = option ? `: option '${option}'` : ''
  const what = /\.[A-Z]/.test(name)
    ? `is a class: give an object of it, new ${name}()`
    : `makes one: call it, ${name}()`
  throw configError(`${owner}${where}: ${name} ${what}`)
}
