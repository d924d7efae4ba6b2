import { configError } from '../errors.js'
import { inFile } from '../files/in-file.js'
import { native } from '../native.js'
import { Tensor } from '../tensor.js'
import type { Samples } from './types.js'

/**
 * Reads an IDX file (the format of MNIST), gzip-compressed or not.
 *
 * @param path - The file; whether it is compressed is told by its first bytes.
 * @returns The tensor in the file's shape: uint8 for unsigned bytes, int32 for the other integers, float32 for both
 *   kinds of floating-point numbers.
 * @throws `GLOROT_FILE`: the file cannot be read or is malformed; the message names it and says what is wrong.
 */
export async function readIdx(path: string): Promise<Tensor> {
  const [tensor] = await inFile(path, () => native.readIdx(path))
  return new Tensor(tensor)
}

/**
 * Reads batch files of the binary version of CIFAR-10, e.g. `data_batch_1.bin`; several become one set of samples.
 *
 * @returns `x` `[n, 32, 32, 3]` and `y` `[n]`, both uint8.
 * @throws `GLOROT_FILE`: the file cannot be read or is malformed; the message names it and says what is wrong.
 */
export async function readCifar10(...paths: string[]): Promise<Samples> {
  if (paths.length === 0) throw configError('readCifar10: expected the path of a file')
  const [x, y] = await inFile(paths, () => native.readCifar10(paths))
  return { x: new Tensor(x), y: new Tensor(y) }
}
