import { native } from '../native.js'
import { toJson } from '../serialize.js'
import type { DType, Shape } from '../types.js'
import { layerOf } from './layer-of.js'
import { ModelTensor } from './model-tensor.js'
import { checkName } from './name.js'

/** Options of {@link input}. */
export interface InputOptions {
  /** Shape of one sample, without the batch: `[28, 28]`. */
  shape: Shape
  /** What the model sees; data of another dtype are converted. Default: `'float32'`. */
  dtype?: DType
  /** Default: `input_layer` and a number. */
  name?: string
  /** The length of the batch, which a summary shows; as in Keras, others are taken too. Default: any. */
  batchSize?: number
}

/**
 * An input of a model: the first element of a {@link sequential} model, or what layers of a functional {@link model} are
 * applied to.
 */
export function input(options: InputOptions): ModelTensor {
  checkName('input', options?.name)
  const handle = native.ModelTensor.input(toJson('input', options))
  return new ModelTensor(handle, { layer: layerOf(handle.layer()), inputs: [] })
}
