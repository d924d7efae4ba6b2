import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { obtain, type Source } from './obtain.js'
import { readCifar10 } from './read.js'
import type { Dataset, DatasetOptions } from './types.js'
import { untar } from './untar.js'

const archive = 'cifar-10-binary.tar.gz'
const subfolder = 'cifar-10-batches-bin'
const files = [1, 2, 3, 4, 5].map(i => `data_batch_${i}.bin`).concat('test_batch.bin')

/** @internal The archive of CIFAR-10; tests replace it by a small one. */
export const source: Source = {
  set: { title: 'CIFAR-10', folder: 'cifar-10', files, subfolder },
  // The author's site, where it has moved, then where it was.
  baseUrls: ['https://cave.cs.toronto.edu/kriz', 'https://www.cs.toronto.edu/~kriz'],
  remote: [
    {
      name: archive,
      sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
      of: 'file',
      bytes: 170_052_171,
    },
  ],
  unpack,
}

/**
 * CIFAR-10: 50,000 training and 10,000 test photographs, 32x32 pixels in three colours, 10 classes (airplane, automobile,
 * bird, cat, deer, dog, frog, horse, ship, truck). 170 MB to download.
 *
 * @returns `x` `[n, 32, 32, 3]` and `y` `[n]`, both uint8.
 * @throws If it is nowhere and cannot be downloaded (the message lists all places), or a file is damaged.
 * @see Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html
 */
export async function cifar10(options: DatasetOptions = {}): Promise<Dataset> {
  return loadCifar10(source, options)
}

/** @internal */
export async function loadCifar10(from: Source, options: DatasetOptions): Promise<Dataset> {
  const paths = await obtain(from, options)
  const [train, test] = await Promise.all([readCifar10(...paths.slice(0, -1)), readCifar10(...paths.slice(-1))])
  return { train, test }
}

/** Unpacks the archive into its subfolder, where files appear only when all are complete, and removes the archive. */
async function unpack(folder: string): Promise<void> {
  const temporary = join(folder, `.${subfolder}.${randomUUID()}.part`)
  await mkdir(temporary)
  try {
    const unpacked = createGunzip()
    const packed = createReadStream(join(folder, archive)).on('error', error => unpacked.destroy(error))
    await untar(packed.pipe(unpacked), async (name, content) => {
      // Only the names asked for, so no name in the archive decides where anything is written.
      if (!files.includes(basename(name))) return
      const handle = await open(join(temporary, basename(name)), 'wx')
      try {
        for await (const chunk of content) await handle.writeFile(chunk)
        await handle.sync()
      } finally {
        await handle.close()
      }
    })
    await mkdir(join(folder, subfolder), { recursive: true })
    for (const file of await readdir(temporary)) await rename(join(temporary, file), join(folder, subfolder, file))
    await rm(join(folder, archive))
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}
