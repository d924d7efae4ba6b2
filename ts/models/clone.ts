import { flag, type Option, optional, readOptions } from '../callbacks/options.js'
import { configError, shown } from '../errors.js'
import { made } from '../files/custom-objects.js'
import { Layer } from '../layers/layer.js'
import { modelOf } from '../layers/layer-of.js'
import { native } from '../native.js'
import { Model } from './model.js'

/** How a model is cloned. */
export interface CloneOptions {
  /** Give the new weights the values of the model's, rather than first values of their own. Default: `false`. */
  weights?: boolean
  /**
   * Makes the layer for each layer of the model but its inputs: another one, or the layer itself, which both models then
   * share. Default: a new layer with the same options.
   */
  cloneFunction?: ((layer: Layer) => Layer) | null
  /** Call `cloneFunction` for the layers of models inside of the model, rather than for these models. Default: `false`. */
  recursive?: boolean
}

const cloneFunction: Option<(layer: Layer) => Layer> = {
  fallback: layer => layer,
  expected: 'a function of a layer to a layer',
  fits: value => typeof value === 'function',
}

const known = { weights: flag(false), cloneFunction: optional(cloneFunction), recursive: flag(false) }

/** @internal See `models.clone`. */
export function clone<M extends Model>(model: M, given?: CloneOptions): M {
  if (!(model instanceof Model)) {
    throw configError(`models.clone: expected a model; received ${shown(model)}`)
  }
  const { weights, cloneFunction, recursive } = readOptions('models.clone', given, known)
  const originals = layersOf(model)
  const layers: Layer[] = []
  const make = (className: string, json: string) => {
    const config = JSON.parse(json)
    const original = originals.find(layer => layer.className === className && layer.name === config.name)
    if (!original || className === 'InputLayer' || (recursive && original instanceof Model)) return undefined
    const layer = cloneFunction ? cloneFunction(original) : copyOf(original, config)
    if (layer === undefined) return undefined
    if (!(layer instanceof Layer)) {
      throw configError(
        `models.clone: cloneFunction must return a layer; for '${original.name}' it returned ${shown(layer)}`,
      )
    }
    layers.push(layer)
    return layer.handle
  }
  return modelOf(native.copyModel(model.model, weights, make), layers) as M
}

/** The layers, those of models inside of the model after all of the model itself. */
function layersOf(model: Model): Layer[] {
  const { layers } = model
  return [...layers, ...layers.flatMap(layer => (layer instanceof Model ? layersOf(layer) : []))]
}

/** A new layer of a class of the user; the library makes its own. */
function copyOf(layer: Layer, { dtype: _, ...config }: Record<string, unknown>): Layer | undefined {
  const type = layer.constructor as typeof Layer
  const isCustom = !(layer instanceof Model) && type !== Layer && type.builtin !== layer.className
  return isCustom ? (made(type, config) as Layer) : undefined
}
