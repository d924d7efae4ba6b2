import { existsSync } from 'node:fs'
import { flag, readOptions } from '../callbacks/options.js'
import { configError, failure } from '../errors.js'
import type { Model } from '../models/model.js'
import { native } from '../native.js'
import { toKeras } from './compile-config.js'
import { inFile } from './in-file.js'

/** How a model is saved. */
export interface SaveOptions {
  /** Replace a file that exists. Default: `true`. */
  overwrite?: boolean
  /** Save how the model was compiled, with the state of the optimizer. Default: `true`. */
  includeOptimizer?: boolean
}

/** How weights are saved. */
export interface SaveWeightsOptions {
  /** Replace a file that exists. Default: `true`. */
  overwrite?: boolean
}

const known = { overwrite: flag(true), includeOptimizer: flag(true) }
const knownOfWeights = { overwrite: flag(true) }

/** @internal What is saved for a training that goes on. */
export interface Saved {
  state: string
  tensors: { name: string; tensor: { dtype: string; shape: number[]; values: unknown } }[]
}

/** @internal See `Model.save`. */
export async function saveModel(model: Model, path: string, given?: SaveOptions): Promise<void> {
  const { overwrite, includeOptimizer } = readOptions('save', given, known)
  checkPath('save', path, ['.keras', '.h5', '.hdf5'])
  if (path.endsWith('.weights.h5')) {
    throw configError(`save: '${path}' is the name of a file of weights; use saveWeights(), or end the name in .keras`)
  }
  checkFree(path, overwrite)
  await writeModel(model, path, includeOptimizer, undefined)
}

/** @internal Writes a whole model. */
export async function writeModel(
  model: Model,
  path: string,
  includeOptimizer: boolean,
  saved: Saved | undefined,
): Promise<void> {
  const compiled = includeOptimizer ? model.compiled : undefined
  await inFile(path, () =>
    native.writeModelFile(path, model.model, {
      compile: compiled && toKeras(compiled.options, compiled.optimizer),
      optimizer: compiled?.optimizer.handle,
      state: saved?.state,
      tensors: saved?.tensors as never,
      running: saved !== undefined,
    }),
  )
}

/** @internal See `Model.saveWeights`. */
export async function saveWeights(model: Model, path: string, given?: SaveWeightsOptions): Promise<void> {
  const { overwrite } = readOptions('saveWeights', given, knownOfWeights)
  checkPath('saveWeights', path, ['.weights.h5', '.safetensors'])
  checkFree(path, overwrite)
  await inFile(path, () => native.writeWeightsFile(path, model.model))
}

function checkPath(method: string, path: unknown, endings: readonly string[]): void {
  if (typeof path === 'string' && endings.some(ending => path.endsWith(ending))) return
  const received = typeof path === 'string' ? `'${path}'` : typeof path
  throw configError(
    `${method}: the path must end in ${endings.join(', ').replace(/, ([^,]*)$/, ' or $1')}; received ${received}`,
  )
}

// Without waiting: the model is saved as it is when it is called.
function checkFree(path: string, overwrite: boolean): void {
  if (overwrite || !existsSync(path)) return
  const message = `${path}: the file exists; give overwrite: true to replace it, or choose another name`
  throw failure('GLOROT_FILE', message)
}
