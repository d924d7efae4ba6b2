import { fashionMnistChecksums, loadMnistLike, mnistChecksums, mnistLike } from './mnist-like.js'
import type { Dataset, DatasetOptions } from './types.js'

const source = mnistLike(
  { title: 'MNIST', folder: 'mnist' },
  // The original host no longer serves the files; these are the mirrors that TensorFlow and PyTorch use.
  ['https://storage.googleapis.com/cvdf-datasets/mnist', 'https://ossci-datasets.s3.amazonaws.com/mnist'],
  mnistChecksums,
  { title: 'Fashion-MNIST', checksums: fashionMnistChecksums },
)

/**
 * MNIST: 60,000 training and 10,000 test images of handwritten digits, 28x28 gray pixels. 11.6 MB to download.
 *
 * @returns `x` `[n, 28, 28]` and `y` `[n]`, both uint8.
 * @throws If it is nowhere and cannot be downloaded (the message lists all places), or a file is damaged.
 * @see LeCun, Cortes, Burges, http://yann.lecun.com/exdb/mnist/
 */
export async function mnist(options: DatasetOptions = {}): Promise<Dataset> {
  return loadMnistLike(source, options)
}
