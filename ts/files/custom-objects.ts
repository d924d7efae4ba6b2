import type { Layer as NativeLayer } from '../../native/binding.cjs'
import { configError, shown } from '../errors.js'
import { Layer } from '../layers/layer.js'
import { camelCase } from '../models/names.js'

/** @internal Options as a file has them. */
export type Config = Record<string, unknown>

// biome-ignore lint/suspicious/noExplicitAny: each class has options of its own
type Anything = any

/**
 * What a file names that is not of the library: a class of layers that extends {@link layers.Layer}, by its class name; a
 * loss, metric or schedule that is a function, by its name. A class is made from its options: by its static method
 * `fromConfig(config)`, else by `new Class(config)`; an arrow function stands for a class too. The options are those that
 * `getConfig()` gave; from a file that Keras wrote, with names in camelCase.
 */
export type CustomObjects = Readonly<Record<string, CustomObject>>

/** A class, or a function. */
export type CustomObject = (abstract new (...options: Anything[]) => unknown) | ((...options: Anything[]) => unknown)

/** @internal Makes what a file names. */
export class Custom {
  /** Layers written in JavaScript; they live as long as their objects. */
  readonly layers: Layer[] = []
  private readonly objects: Map<string, CustomObject>
  private readonly fromKeras: boolean

  constructor(objects: CustomObjects, fromKeras: boolean) {
    this.objects = new Map(Object.entries(objects))
    this.fromKeras = fromKeras
    for (const [name, object] of this.objects) {
      if (typeof object === 'function') continue
      throw configError(`customObjects: '${name}' must be a class or a function; received ${shown(object)}`)
    }
  }

  /** What the user gave for a name; Keras puts the name of a package and `>` before it. */
  find(name: unknown): CustomObject | undefined {
    if (typeof name !== 'string') return undefined
    return this.objects.get(name) ?? this.objects.get(name.slice(name.lastIndexOf('>') + 1))
  }

  /** An object of a class of the user. */
  make(name: string, config: unknown): unknown {
    const type = this.find(name)
    return type && made(type, this.options(config))
  }

  private options(config: unknown): Config {
    const { dtype: _, ...options } = (config ?? {}) as Config
    if (!this.fromKeras) return options
    return Object.fromEntries(Object.entries(options).map(([key, value]) => [camelCase(key), value]))
  }

  /** Asked for each layer of a model, by class and options as JSON. */
  readonly layer = (className: string, json: string): NativeLayer | undefined => {
    if (!this.find(className)) return undefined
    const layer = this.make(className, JSON.parse(json))
    if (!(layer instanceof Layer)) {
      throw configError(
        `customObjects: '${className}' stands for a layer and must be a class that extends layers.Layer, or a function ` +
          `of options to a layer; it gave ${shown(layer)}`,
      )
    }
    this.layers.push(layer)
    return layer.handle
  }
}

/** @internal An object of a class, from its options. */
export function made(type: CustomObject, config: Config): unknown {
  const { fromConfig } = type as { fromConfig?: (config: Config) => unknown }
  if (typeof fromConfig === 'function') return fromConfig.call(type, config)
  const isClass = /^class\b/.test(Function.prototype.toString.call(type))
  return isClass ? new (type as new (config: Config) => unknown)(config) : (type as (config: Config) => unknown)(config)
}

/** @internal The name of a function, in the spellings of Keras 2 and 3. */
export function functionName(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const { class_name: name, config } = (value ?? {}) as { class_name?: string; config?: unknown }
  return name === 'function' && typeof config === 'string' ? config : undefined
}
