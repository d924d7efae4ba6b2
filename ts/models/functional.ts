import type { ModelTensor } from '../layers/model-tensor.js'
import { native } from '../native.js'
import { Model } from './model.js'
import type { ModelOptions } from './sequential.js'

/** Inputs and outputs of a functional model. */
export interface FunctionalOptions extends ModelOptions {
  /** What `input()` gave. */
  inputs: ModelTensor | readonly ModelTensor[]
  /** What layers gave that were applied to them. */
  outputs: ModelTensor | readonly ModelTensor[]
}

/**
 * A model of all calls of layers between inputs and outputs: branches, skip connections, several inputs and outputs.
 *
 * @throws `GLOROT_INVALID`, if an output depends on an input that is not given.
 */
export function model({ inputs, outputs, name }: FunctionalOptions): Model {
  const list = (tensors: ModelTensor | readonly ModelTensor[]) => [tensors].flat() as ModelTensor[]
  const handles = (tensors: ModelTensor | readonly ModelTensor[]) => list(tensors).map(tensor => tensor.handle)
  // The tensors hold the layers between them.
  return new Model(native.Model.functional(handles(inputs), handles(outputs), name), [list(inputs), list(outputs)])
}
