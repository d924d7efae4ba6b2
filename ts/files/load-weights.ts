import { flag, readOptions } from '../callbacks/options.js'
import { configError } from '../errors.js'
import type { Model } from '../models/model.js'
import { native } from '../native.js'
import { inFile } from './in-file.js'

/** How weights are loaded. */
export interface LoadWeightsOptions {
  /**
   * Find layers (in `.safetensors` files: weights) by their names rather than by their order; those that the file does not
   * have stay as they are. Default: `false`.
   */
  byName?: boolean
  /** Leave weights as they are that have another shape in the file, or are not there. Default: `false`. */
  skipMismatch?: boolean
  /** Load weights that are NaN, rather than say so. Default: `false`. */
  allowNaN?: boolean
}

const known = { byName: flag(false), skipMismatch: flag(false), allowNaN: flag(false) }

/** @internal See `Model.loadWeights`. */
export async function loadWeights(model: Model, path: string, given?: LoadWeightsOptions): Promise<string[]> {
  const { byName, skipMismatch, allowNaN } = readOptions('loadWeights', given, known)
  if (typeof path !== 'string') throw configError(`loadWeights: expected the path of a file; received ${typeof path}`)
  return inFile(path, async () => {
    const file = await native.readWeightsFile(path)
    return file.set(model.model, byName, skipMismatch, allowNaN)
  })
}
