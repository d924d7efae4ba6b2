import { configError, shown } from '../errors.js'
import { ModelTensor } from '../layers/model-tensor.js'
import { readName } from '../layers/name.js'
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
 * @throws `GLOROT_CONFIG`, if something is no tensor of a model; `GLOROT_INVALID`, if an output depends on an input that
 *   is not given.
 */
export function model(options: FunctionalOptions): Model {
  const name = readName('model', options, 'inputs', 'outputs')
  const inputs = tensorsOf('inputs', options.inputs, 'what input() gives')
  const outputs = tensorsOf('outputs', options.outputs, 'what layers give that were applied to inputs')
  const handles = (tensors: ModelTensor[]) => tensors.map(tensor => tensor.handle)
  // The tensors hold the layers between them.
  return new Model(native.Model.functional(handles(inputs), handles(outputs), name), [inputs, outputs])
}

function tensorsOf(option: string, given: unknown, expected: string): ModelTensor[] {
  const list = [given].flat()
  const wrong = list.length === 0 ? [] : list.find(tensor => !(tensor instanceof ModelTensor))
  if (list.length > 0 && list.every(tensor => tensor instanceof ModelTensor)) return list
  throw configError(`model: option '${option}' must be ${expected}, or an array of these; received ${shown(wrong)}`)
}
