import { fashionMnistChecksums, loadMnistLike, mnistChecksums, mnistLike } from './mnist-like.js'
import type { Dataset, DatasetOptions } from './types.js'

const source = mnistLike(
  { title: 'Fashion-MNIST', folder: 'fashion-mnist', systemFolders: ['/usr/share/datasets/fashion-mnist'] },
  [
    // The authors' repository, then their bucket.
    'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion',
    'https://fashion-mnist.s3.eu-central-1.amazonaws.com',
  ],
  fashionMnistChecksums,
  { title: 'MNIST', checksums: mnistChecksums },
)

/**
 * Fashion-MNIST: 60,000 training and 10,000 test images of clothes, 28x28 gray pixels, 10 classes (T-shirt, trouser,
 * pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot). MIT licence, 31 MB to download.
 *
 * @returns `x` `[n, 28, 28]` and `y` `[n]`, both uint8.
 * @throws If it is nowhere and cannot be downloaded (the message lists all places), or a file is damaged.
 * @see Xiao, Rasul, Vollgraf, https://arxiv.org/abs/1708.07747
 */
export async function fashionMnist(options: DatasetOptions = {}): Promise<Dataset> {
  return loadMnistLike(source, options)
}
