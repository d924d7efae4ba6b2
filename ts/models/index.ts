/**
 * Models from files and copies of models.
 *
 * @module models
 */
import { readOptions } from '../callbacks/options.js'
import type { Serialized } from '../config-object.js'
import { Custom, type CustomObjects } from '../files/custom-objects.js'
import { customObjects, fromConfig, type LoadOptions, load as loadFile } from '../files/load.js'
import { readSafetensors as read, writeSafetensors as write } from '../files/safetensors.js'
import { toJson } from '../serialize.js'
import type { Tensor, TensorLike } from '../tensor.js'
import { type CloneOptions, clone as cloneModel } from './clone.js'
import type { Model } from './model.js'

export type { CustomObject, CustomObjects } from '../files/custom-objects.js'
export type { LoadOptions } from '../files/load.js'
export type { LoadWeightsOptions } from '../files/load-weights.js'
export type { SaveOptions, SaveWeightsOptions } from '../files/save.js'
export type { CloneOptions } from './clone.js'

/**
 * Reads a whole model: a `.keras` file of Keras 3 (or 2.13 and later), or an `.h5` file of Keras 3 or 2. What the file is
 * follows from its content.
 *
 * The model is compiled as it was, and its optimizer goes on where it was: `fit({ initialEpoch })` continues the training.
 * If this library wrote the file, so do random numbers and the order of samples: the training continues bit by bit as if it
 * had not been interrupted.
 *
 * @throws `GLOROT_FILE`: the file cannot be read, is damaged, or is no model; `GLOROT_CONFIG`, which names the layer and its
 *   class: a class or option that is not known; `GLOROT_INVALID`: weights that do not fit, or that are NaN.
 * @example
 * const model = await models.load('model.keras', { customObjects: { Swoosh } })
 */
export const load = (path: string, options?: LoadOptions): Promise<Model> => loadFile(path, options)

/**
 * A model of new layers with the same names and options, and with weights of its own; it is not compiled. A layer that the
 * model and a model inside of it share becomes two.
 *
 * @example
 * const copy = models.clone(model, { weights: true })
 */
export const clone = <M extends Model>(model: M, options?: CloneOptions): M => cloneModel(model, options)

/** Options of {@link fromJSON}. */
export interface FromJSONOptions {
  /** Classes that the configuration names and that are not of the library. Default: none. */
  customObjects?: CustomObjects
}

/**
 * A model with new weights from what `model.toJSON()`, or `to_json()` in Keras 2 and 3, gives.
 *
 * @param json The text, or what it says.
 * @throws `GLOROT_CONFIG`, which names the layer and an unknown class or option, or one of a wrong type.
 */
export function fromJSON(json: Serialized, options?: FromJSONOptions): Model {
  const given = readOptions('models.fromJSON', options, { customObjects })
  return fromConfig(typeof json === 'string' ? json : toJson('model', json), new Custom(given.customObjects, false))
}

/**
 * The tensors of a `.safetensors` file by name, in the order of their data. Floating-point numbers become float32, integers
 * int32 or uint8.
 *
 * @throws `GLOROT_FILE`: the file cannot be read, breaks a rule of the format, or has an integer beyond int32.
 */
export const readSafetensors = (path: string): Promise<Record<string, Tensor>> => read(path)

/**
 * Writes tensors to a `.safetensors` file, which takes the place of one that exists once it is complete.
 *
 * @throws `GLOROT_FILE`, if the file cannot be written.
 */
export const writeSafetensors = (path: string, tensors: Readonly<Record<string, TensorLike>>): Promise<void> =>
  write(path, tensors)
