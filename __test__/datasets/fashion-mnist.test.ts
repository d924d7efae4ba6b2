import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Dataset, fashionMnist, mnist } from '../../ts/datasets/index.js'
import { fashionMnistChecksums, loadMnistLike, mnistLike } from '../../ts/datasets/mnist-like.js'
import { files, serve } from './server.js'

// Debian's package dataset-fashion-mnist.
const dir = '/usr/share/datasets/fashion-mnist'

describe.skipIf(!existsSync(dir))('the real Fashion-MNIST', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'glorot-fashion-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  function check({ train, test }: Dataset): void {
    expect(train.x.shape).toEqual([60_000, 28, 28])
    expect(test.x.shape).toEqual([10_000, 28, 28])
    expect(train.x.dtype).toBe('uint8')
    expect([...train.y.data().subarray(0, 5)]).toEqual([9, 0, 0, 3, 0])
    for (const [y, each] of [
      [train.y, 6000],
      [test.y, 1000],
    ] as const) {
      const counts = new Array(10).fill(0)
      for (const label of y.data()) counts[label]++
      expect(counts).toEqual(new Array(10).fill(each))
    }
    // Mean pixel, as known from the literature: 72.94.
    const sum = (train.x.data() as Uint8Array).reduce((a, b) => a + b, 0)
    expect(sum / train.x.size).toBeCloseTo(72.94, 2)
  }

  test('is read from a folder', async () => check(await fashionMnist({ dir })))

  test('fits the checksums for downloads', async () => {
    const names = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'].map(
      name => `${name}-ubyte.gz`,
    )
    const content = await Promise.all(names.map(async name => [`/${name}`, await readFile(join(dir, name))] as const))
    const server = await serve(files(Object.fromEntries(content)))
    const lookAlike = { title: 'none', checksums: { ...fashionMnistChecksums, trainLabels: '' } }
    const source = mnistLike(
      { title: 'Fashion-MNIST', folder: 'fashion' },
      [server.url],
      fashionMnistChecksums,
      lookAlike,
    )
    try {
      check(await loadMnistLike(source, { cacheDir: folder }))
    } finally {
      await server.close()
    }
  })

  test('is not mistaken for MNIST', async () => {
    await expect(mnist({ dir })).rejects.toThrow(`${dir} (option dir; its files are those of Fashion-MNIST)`)
  })
})
