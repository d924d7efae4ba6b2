import { createHash } from 'node:crypto'
import { decompressed } from './download.js'
import { obtain, type Source } from './obtain.js'
import { readIdx } from './read.js'
import type { Dataset, DatasetOptions, Samples } from './types.js'

/** SHA-256 of the decompressed files of MNIST and of the data sets that took over its file names. */
export interface Checksums {
  trainImages: string
  trainLabels: string
  testImages: string
  testLabels: string
}

/** MNIST, from http://yann.lecun.com/exdb/mnist/ as its mirrors have it. */
export const mnistChecksums: Checksums = {
  trainImages: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  trainLabels: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  testImages: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  testLabels: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
}

/**
 * Fashion-MNIST, taken from Debian's package dataset-fashion-mnist 0.0~git20200523.55506a9-1, which has the content of
 * the original files but compressed again. Hence content is what is checked.
 */
export const fashionMnistChecksums: Checksums = {
  trainImages: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
  trainLabels: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
  testImages: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
  testLabels: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
}

const files = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const

/** Describes a data set with MNIST's file names, shapes and sizes. */
export function mnistLike(
  names: { title: string; folder: string; systemFolders?: string[] },
  baseUrls: string[],
  checksums: Checksums,
  lookAlike: { title: string; checksums: Checksums },
): Source {
  const { trainImages, trainLabels, testImages, testLabels } = checksums
  const sha256s = [trainImages, trainLabels, testImages, testLabels]
  const bytes = [47_040_016, 60_008, 7_840_016, 10_008]
  return {
    set: { ...names, files: [...files] },
    baseUrls,
    remote: files.map((file, i) => ({
      name: `${file}.gz`,
      sha256: sha256s[i] as string,
      of: 'content',
      bytes: bytes[i] as number,
    })),
    // A folder may hold anybody's data under these names, but not the other data set that is known to have them.
    async accept(paths) {
      const labels = await contentHash(paths[1] as string)
      return labels === lookAlike.checksums.trainLabels ? `its files are those of ${lookAlike.title}` : undefined
    },
  }
}

async function contentHash(path: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of await decompressed(path)) hash.update(chunk)
  } catch {
    // A damaged file gets its error, with its reason, when it is read.
    return undefined
  }
  return hash.digest('hex')
}

/** Finds and reads such a data set. */
export async function loadMnistLike(source: Source, options: DatasetOptions): Promise<Dataset> {
  const [trainX, trainY, testX, testY] = (await obtain(source, options)) as [string, string, string, string]
  const [train, test] = await Promise.all([readPair(trainX, trainY), readPair(testX, testY)])
  return { train, test }
}

async function readPair(images: string, labels: string): Promise<Samples> {
  const [x, y] = await Promise.all([readIdx(images), readIdx(labels)])
  if (x.dtype !== 'uint8' || x.shape.length !== 3) {
    throw new Error(`${images}: expected uint8 images of shape [n, rows, columns], received ${x.dtype} [${x.shape}]`)
  }
  if (y.dtype !== 'uint8' || y.shape.length !== 1 || y.shape[0] !== x.shape[0]) {
    throw new Error(
      `${labels}: expected uint8 labels of shape [${x.shape[0]}], one for each image of ${images}, ` +
        `received ${y.dtype} [${y.shape}]`,
    )
  }
  return { x, y }
}
