import { inspect } from 'node:util'
import { configError } from './errors.js'
import { native } from './native.js'
import { type Serializable, toJson } from './serialize.js'

/** An object as Keras serializes it: `{ class_name, config }`; a name alone stands for the defaults. */
export type Serialized =
  | string
  | { class_name: string; config?: object | null; [key: string]: unknown }
  | { className: string; config?: object | null; [key: string]: unknown }

/** Kinds of objects that are nothing but a class name with options. */
export type ConfigKind = 'activation' | 'regularizer' | 'constraint' | 'schedule' | 'initializer'

/** Any function. */
// biome-ignore lint/suspicious/noExplicitAny: what a function takes depends on the option that it is for
export type AnyFunction = (...args: any[]) => unknown

/**
 * An object that is nothing but a class name with options, which are checked when it is made; or a function in its place;
 * or, if a class of the user extends it, what that class implements.
 */
export abstract class ConfigObject<F extends AnyFunction = never> implements Serializable {
  /** The serialized form, with all options; `undefined` if the user wrote the function or class. */
  private readonly serialized: string | undefined
  /** The function of the user. */
  protected readonly compute: F | undefined

  constructor(kind: ConfigKind, definition: Serialized | F | undefined) {
    if (typeof definition === 'function') this.compute = definition
    else if (definition !== undefined) this.serialized = native.canonical(kind, toJson(kind, definition))
    else if (Object.getPrototypeOf(Object.getPrototypeOf(this)) === ConfigObject.prototype) {
      throw configError(`${kind}: expected a name, { class_name, config } or a function; received undefined`)
    }
  }

  /** @internal Whether the user wrote it: Rust calls it rather than know it. */
  get isCustom(): boolean {
    return this.serialized === undefined
  }

  /** The serialized form of an object of the library. */
  protected get json(): string {
    if (this.serialized !== undefined) return this.serialized
    throw this.missing('a configuration')
  }

  /** An error for a class of the user that does not implement what it must. */
  protected missing(what: string): Error {
    return configError(`${this.constructor.name}: the class has no ${what}; implement it`)
  }

  /** The class name, as in Keras. */
  get className(): string {
    return this.toJSON().class_name
  }

  /** The options as Keras serializes them; a class of the user that has options overrides it. */
  getConfig(): Record<string, unknown> {
    return this.serialized === undefined ? {} : this.toJSON().config
  }

  /** `L2 { l2: 0.01 }` in `console.log`. */
  [inspect.custom](_depth: number, options: object, inspector: typeof inspect): string {
    return this.compute ? inspector(this.compute, options) : `${this.className} ${inspector(this.getConfig(), options)}`
  }

  /** As Keras serializes it; a function by its name alone. */
  toJSON(): { class_name: string; config: Record<string, unknown> } {
    if (this.serialized !== undefined) return JSON.parse(this.serialized)
    if (this.compute) return functionConfig(this.compute) as never
    const { name } = this.constructor
    const custom = { module: null, class_name: name, config: this.getConfig(), registered_name: `Custom>${name}` }
    return custom as never
  }
}

/** @internal A function as Keras serializes it. */
export const functionConfig = ({ name }: AnyFunction) => ({
  module: 'builtins',
  class_name: 'function',
  config: name || 'anonymous',
  registered_name: 'function',
})
