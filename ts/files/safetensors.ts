import { configError } from '../errors.js'
import { native } from '../native.js'
import { asTensor, Tensor, type TensorLike } from '../tensor.js'
import { inFile } from './in-file.js'

/** @internal See `models.readSafetensors`. */
export async function readSafetensors(path: string): Promise<Record<string, Tensor>> {
  if (typeof path !== 'string') {
    throw configError(`models.readSafetensors: expected the path of a file; received ${typeof path}`)
  }
  const named = await inFile(path, () => native.readSafetensors(path))
  return Object.fromEntries(named.map(({ name, tensor }) => [name, new Tensor(tensor)]))
}

/** @internal See `models.writeSafetensors`. */
export async function writeSafetensors(path: string, tensors: Readonly<Record<string, TensorLike>>): Promise<void> {
  if (typeof path !== 'string' || !path.endsWith('.safetensors')) {
    throw configError(`models.writeSafetensors: the path must end in .safetensors; received '${path}'`)
  }
  const named = Object.entries(tensors).map(([name, tensor]) => ({ name, tensor: asTensor(tensor) }))
  await inFile(path, () => native.writeSafetensors(path, named))
}
