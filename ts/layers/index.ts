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
export * from './activity-regularization.js'
export type { AdaptData } from './adapt.js'
export * from './add.js'
export type * from './affine-options.js'
export * from './alpha-dropout.js'
export * from './average.js'
export * from './average-pooling-1d.js'
export * from './average-pooling-2d.js'
export * from './batch-normalization.js'
export * from './category-encoding.js'
export * from './concatenate.js'
export * from './conv-1d.js'
export * from './conv-1d-transpose.js'
export * from './conv-2d.js'
export * from './conv-2d-transpose.js'
export type * from './conv-options.js'
export * from './cropping-1d.js'
export * from './cropping-2d.js'
export type * from './data-format.js'
export * from './dense.js'
export * from './depthwise-conv-1d.js'
export * from './depthwise-conv-2d.js'
export * from './discretization.js'
export * from './dot.js'
export * from './dropout.js'
export * from './einsum-dense.js'
export * from './elu.js'
export * from './embedding.js'
export * from './flatten.js'
export * from './gaussian-dropout.js'
export * from './gaussian-noise.js'
export * from './global-average-pooling-1d.js'
export * from './global-average-pooling-2d.js'
export * from './global-max-pooling-1d.js'
export * from './global-max-pooling-2d.js'
export * from './group-normalization.js'
export * from './identity.js'
export * from './input.js'
export type * from './kernel-options.js'
export * from './lambda.js'
export {
  type CallContext,
  type CallOptions,
  Layer,
  type LayerInput,
  type LayerOptions,
  type WeightOptions,
} from './layer.js'
export * from './layer-normalization.js'
export * from './leaky-relu.js'
export * from './masking.js'
export * from './max-pooling-1d.js'
export * from './max-pooling-2d.js'
export * from './maximum.js'
export * from './minimum.js'
export { ModelTensor } from './model-tensor.js'
export * from './multiply.js'
export * from './normalization.js'
export * from './permute.js'
export type * from './pooling-options.js'
export * from './prelu.js'
export * from './relu.js'
export * from './repeat-vector.js'
export * from './rescaling.js'
export * from './reshape.js'
export * from './rms-normalization.js'
export * from './rrelu.js'
export * from './separable-conv-1d.js'
export * from './separable-conv-2d.js'
export * from './softmax.js'
export * from './spatial-dropout-1d.js'
export * from './spatial-dropout-2d.js'
export * from './subtract.js'
export * from './unit-normalization.js'
export * from './up-sampling-1d.js'
export * from './up-sampling-2d.js'
export * from './zero-padding-1d.js'
export * from './zero-padding-2d.js'

/**
 * A layer with new weights from what Keras serializes.
 *
 * @throws `GLOROT_CONFIG`, which names an unknown class or option, or one of a wrong type.
 */
export const deserialize = (serialized: Serialized): Layer =>
  layerOf(native.Layer.deserialize(toJson('layer', serialized)))
