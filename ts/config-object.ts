import { native } from './native.js'
import { type Serializable, toJson } from './serialize.js'

/** An object as Keras serializes it: `{ class_name, config }`; a name alone stands for the defaults. */
export type Serialized =
  | string
  | { class_name: string; config?: object | null; [key: string]: unknown }
  | { className: string; config?: object | null; [key: string]: unknown }

/** Kinds of objects that are nothing but a class name with options. */
export type ConfigKind = 'activation' | 'regularizer' | 'constraint' | 'schedule' | 'initializer'

/**
 * An object that is nothing but a class name with options. They are checked when it is made.
 *
 * @internal
 */
export class ConfigObject implements Serializable {
  /** The serialized form, with all options. */
  protected readonly json: string

  constructor(kind: ConfigKind, serialized: Serialized) {
    this.json = native.canonical(kind, toJson(kind, serialized))
  }

  /** The class name, as in Keras. */
  get className(): string {
    return this.toJSON().class_name
  }

  /** The options as Keras serializes them. */
  getConfig(): Record<string, unknown> {
    return this.toJSON().config
  }

  /** As Keras serializes it. */
  toJSON(): { class_name: string; config: Record<string, unknown> } {
    return JSON.parse(this.json)
  }
}
