import type { Layer as NativeLayer, ModelTensor as NativeModelTensor } from '../../native/binding.cjs'
import { native } from '../native.js'
import { type Layer, newLayer } from './layer.js'
import { ModelTensor } from './model-tensor.js'
import { known } from './registry.js'

type ModelOf = (handle: InstanceType<typeof native.Model>, held?: unknown) => Layer

// Models are layers, and layers may be models: the module of models says here how one is made.
let makeModel: ModelOf | undefined

/** @internal */
export function setModelOf(make: ModelOf): void {
  makeModel = make
}

/** @internal The object for a model that Rust has made; `held` lives as long as it does. */
export function modelOf(handle: InstanceType<typeof native.Model>, held?: unknown): Layer {
  if (makeModel) return makeModel(handle, held)
  throw new Error('the module of models is not loaded')
}

/** @internal The object for a layer that comes out of Rust: the one that there is, or a new one. */
export function layerOf(handle: NativeLayer): Layer {
  const layer = known(handle)
  if (layer) return layer
  const model = native.Model.fromLayer(handle)
  return model ? modelOf(model) : newLayer(handle)
}

/** @internal The object for a tensor of a model that comes out of Rust. */
export const modelTensor = (handle: NativeModelTensor): ModelTensor =>
  new ModelTensor(handle, { layer: layerOf(handle.layer()), inputs: [] })
