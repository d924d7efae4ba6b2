import type { ModelFile, Model as NativeModel } from '../../native/binding.cjs'
import { flag, type Option, readOptions } from '../callbacks/options.js'
import { configError, failure, restated } from '../errors.js'
import { modelOf } from '../layers/layer-of.js'
import { Model } from '../models/model.js'
import { native } from '../native.js'
import { fromKeras } from './compile-config.js'
import { Custom, type CustomObjects } from './custom-objects.js'
import { inFile } from './in-file.js'

/** How a model is loaded. */
export interface LoadOptions {
  /** Classes and functions that the file names and that are not of the library. Default: none. */
  customObjects?: CustomObjects
  /** Compile the model as it was, with the state of the optimizer, if it was. Default: `true`. */
  compile?: boolean
  /** Load weights that are NaN, rather than say so. Default: `false`. */
  allowNaN?: boolean
}

/** @internal */
export const customObjects: Option<CustomObjects> = {
  fallback: {},
  expected: 'an object of classes and functions by name',
  fits: value => typeof value === 'object' && value !== null && !Array.isArray(value),
}

const known = { customObjects, compile: flag(true), allowNaN: flag(false) }

/** @internal See `models.load`. */
export async function load(path: string, given?: LoadOptions): Promise<Model> {
  const options = readOptions('models.load', given, known)
  if (typeof path !== 'string') throw configError(`models.load: expected the path of a file; received ${typeof path}`)
  return inFile(path, async () => {
    const file = await native.readModelFile(path)
    const policies = file.policies()
    if (policies.length > 0) {
      process.emitWarning(`${path}: the model computes in ${policies.join(', ')}; here it computes in float32`)
    }
    const custom = new Custom(options.customObjects, file.state() == null)
    const model = ofFile(file, custom)
    file.setWeights(model.model, options.allowNaN)
    const compiled = options.compile ? file.compile() : undefined
    if (compiled == null) return model
    try {
      model.compile(fromKeras(compiled, custom))
    } catch (error) {
      const { message } = error as Error
      const [, text, name] = /^(.*unknown \w+ '(?:[^'>]*>)?([^']+)'); known: /s.exec(message) ?? [undefined, message]
      const yours = name ? `: { ${name} }` : ''
      const hint = `give what is yours as customObjects${yours}, or load with compile: false and compile anew`
      throw restated(error, `${text}; ${hint}`)
    }
    try {
      file.setOptimizer(model.model, model.optimizer.handle, true)
    } catch (error) {
      // As Keras does: the model is whole, and can be trained.
      process.emitWarning(`${path}: ${(error as Error).message}; the optimizer begins anew`)
    }
    file.goOn(model.model, false)
    return model
  })
}

function parsed(json: string): { class_name?: unknown; config?: unknown } {
  try {
    return JSON.parse(json) ?? {}
  } catch (cause) {
    const message = `the configuration of a model is no valid JSON: ${(cause as Error).message}`
    throw failure('GLOROT_CONFIG', message, { cause })
  }
}

function ofFile(file: ModelFile, custom: Custom): Model {
  return fromClass(
    file.className(),
    () => JSON.parse(file.config()),
    custom,
    () => file.model(custom.layer),
  )
}

/**
 * A model with new weights from its configuration.
 *
 * @internal
 */
export function fromConfig(json: string, custom: Custom): Model {
  const { class_name: type, config } = parsed(json)
  return fromClass(
    type,
    () => config,
    custom,
    () => native.deserializeModel(json, custom.layer),
  )
}

function fromClass(type: unknown, config: () => unknown, custom: Custom, make: () => NativeModel): Model {
  if (typeof type === 'string' && custom.find(type)) {
    const model = custom.make(type, config())
    if (model instanceof Model) return model
    throw configError(`customObjects: '${type}' stands for a model and must give one; it gave ${typeof model}`)
  }
  if (typeof type === 'string' && !['Sequential', 'Functional', 'Model'].includes(type)) {
    throw configError(
      `the model is of the class '${type}', a subclass whose layers a file does not tell: give a function of its config ` +
        `to a model as customObjects: { ${type} }, or build the model and load its weights with loadWeights()`,
    )
  }
  try {
    return modelOf(make(), custom.layers) as Model
  } catch (error) {
    const { message } = error as Error
    // The list of all classes helps who has misspelled one, not who has a file.
    const text = message.replace(/unknown class '([^']+)'; known classes: .*/s, (_, name: string) => {
      const short = name.slice(name.lastIndexOf('>') + 1)
      return `unknown class '${name}': glorot has no such layer; give yours as customObjects: { ${short} }`
    })
    throw text === message ? error : restated(error, text)
  }
}
