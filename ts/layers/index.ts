/**
 * Layers: factories in lower case, classes to extend in upper case.
 *
 * @module layers
 */
import type { Serialized } from '../config-object.js'
import { native } from '../native.js'
import { toJson } from '../serialize.js'
import type { Layer } from './layer.js'
import { layerOf } from './layer-of.js'

export * from './activation.js'
export * from './add.js'
export * from './batch-normalization.js'
export * from './concatenate.js'
export * from './dense.js'
export * from './dropout.js'
export * from './flatten.js'
export * from './input.js'
export { type CallOptions, Layer, type LayerInput, type LayerOptions, type WeightOptions } from './layer.js'
export { ModelTensor } from './model-tensor.js'
export * from './rescaling.js'

/**
 * A layer with new weights from what Keras serializes.
 *
 * @throws `GLOROT_CONFIG`, which names an unknown class or option, or one of a wrong type.
 */
export const deserialize = (serialized: Serialized): Layer =>
  layerOf(native.Layer.deserialize(toJson('layer', serialized)))
