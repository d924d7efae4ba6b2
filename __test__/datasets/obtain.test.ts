import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Checksums, loadMnistLike, mnistLike } from '../../ts/datasets/mnist-like.js'
import { obtain, type Source } from '../../ts/datasets/obtain.js'
import type { DatasetOptions } from '../../ts/datasets/types.js'
import { idx } from './idx.js'
import { files, serve } from './server.js'

const images = idx(
  [3, 2, 2],
  Uint8Array.from({ length: 12 }, (_, i) => i),
)
const labels = idx([3], Uint8Array.of(7, 8, 9))
const names = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte']
const contents = [images, labels, images, labels]

const hash = (content: Buffer) => createHash('sha256').update(content).digest('hex')
const checksums: Checksums = {
  trainImages: hash(images),
  trainLabels: hash(labels),
  testImages: hash(images),
  testLabels: hash(labels),
}
const other: Checksums = {
  trainImages: '',
  trainLabels: hash(idx([1], Uint8Array.of(1))),
  testImages: '',
  testLabels: '',
}

let folder: string
let source: Source
let options: DatasetOptions
let server: Awaited<ReturnType<typeof serve>> | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glorot-data-'))
  source = mnistLike({ title: 'Toy', folder: 'toy' }, ['http://127.0.0.1:1'], checksums, {
    title: 'Other',
    checksums: other,
  })
  source.set.systemFolders = [join(folder, 'system')]
  options = { cacheDir: join(folder, 'cache') }
  vi.stubEnv('GLOROT_DATA', '')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await server?.close()
  server = undefined
  await rm(folder, { recursive: true })
})

async function put(where: string, { suffix = '', only = names } = {}): Promise<string> {
  const path = join(folder, where)
  await mkdir(path, { recursive: true })
  for (const [i, name] of names.entries()) {
    const content = contents[i] as Buffer
    if (only.includes(name)) await writeFile(join(path, name + suffix), suffix ? gzipSync(content) : content)
  }
  return path
}

async function publish(change: (content: Record<string, Buffer>) => void = () => {}): Promise<string> {
  const content = Object.fromEntries(names.map((name, i) => [`/${name}.gz`, gzipSync(contents[i] as Buffer)]))
  change(content)
  server = await serve(files(content))
  return server.url
}

const found = async (extra: DatasetOptions = {}) => (await obtain(source, { ...options, ...extra }))[0]

describe('places, in their order', () => {
  test('option dir, GLOROT_DATA (subfolder, then itself), system package, cache', async () => {
    const cache = await put('cache/toy', { suffix: '.gz' })
    expect(await found()).toBe(join(cache, `${names[0]}.gz`))
    const system = await put('system')
    expect(await found()).toBe(join(system, names[0] as string))
    const data = await put('data')
    vi.stubEnv('GLOROT_DATA', data)
    expect(await found()).toBe(join(data, names[0] as string))
    const below = await put('data/toy')
    expect(await found()).toBe(join(below, names[0] as string))
    const dir = await put('dir')
    expect(await found({ dir })).toBe(join(dir, names[0] as string))
  })

  test('a folder that lacks a file is passed over', async () => {
    vi.stubEnv('GLOROT_DATA', await put('data', { only: names.slice(0, 3) }))
    const system = await put('system')
    expect(await found()).toBe(join(system, names[0] as string))
  })

  test('a folder with the files of the data set that has the same names is passed over', async () => {
    const data = await put('data')
    await writeFile(join(data, names[1] as string), idx([1], Uint8Array.of(1)))
    vi.stubEnv('GLOROT_DATA', data)
    await expect(found({ download: false })).rejects.toThrow(`${data} (GLOROT_DATA; its files are those of Other)\n`)
  })
})

describe('what is nowhere is downloaded', () => {
  test('into the cache, once', async () => {
    const baseUrl = await publish()
    const progress = vi.fn()
    const { train, test } = await loadMnistLike(source, { ...options, baseUrl, onProgress: progress })
    expect([train.x.shape, train.y.shape, test.x.shape]).toEqual([[3, 2, 2], [3], [3, 2, 2]])
    expect(train.x.dtype).toBe('uint8')
    expect([...train.y.data()]).toEqual([7, 8, 9])
    expect(progress.mock.calls.map(([{ file }]) => file)).toEqual(names.map(name => `${name}.gz`))
    expect((await readdir(join(folder, 'cache', 'toy'))).sort()).toEqual(names.map(name => `${name}.gz`).sort())

    await server?.close()
    const again = await loadMnistLike(source, options)
    expect(again.test.x.data()).toEqual(test.x.data())
  })

  test('a host that fails is followed by the next', async () => {
    source.baseUrls = [...source.baseUrls, await publish()]
    expect(await found()).toBe(join(folder, 'cache', 'toy', `${names[0]}.gz`))
  })

  test('a wrong file is an error, and the next attempt starts afresh', async () => {
    const baseUrl = await publish(content => {
      content[`/${names[2]}.gz`] = gzipSync(labels)
    })
    await expect(found({ baseUrl })).rejects.toThrow(
      /t10k-images-idx3-ubyte\.gz: SHA-256 of the decompressed content is/,
    )
    expect((await readdir(join(folder, 'cache', 'toy'))).sort()).toEqual([`${names[0]}.gz`, `${names[1]}.gz`])
    await server?.close()
    expect(await found({ baseUrl: await publish() })).toContain('cache')
  })

  test('an abort is an abort, not a missing data set', async () => {
    const baseUrl = await publish()
    await expect(found({ baseUrl, signal: AbortSignal.abort() })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    )
  })
})

describe('what cannot be had is a clear error', () => {
  test('offline: every place, and why the download failed', async () => {
    const data = await put('data', { only: names.slice(1) })
    vi.stubEnv('GLOROT_DATA', data)
    const error = await found().catch((error: Error) => error.message)
    expect(error).toBe(
      [
        'Toy was not found. Looked in:',
        `  ${join(data, 'toy')} (GLOROT_DATA): none of its files`,
        `  ${data} (GLOROT_DATA): lacks ${names[0]}`,
        `  ${join(folder, 'system')} (system package): none of its files`,
        `  ${join(folder, 'cache', 'toy')} (cache): none of its files`,
        'The download failed:',
        `  http://127.0.0.1:1/${names[0]}.gz: bad port`,
        'Put its files into one of these folders, or set GLOROT_DATA to the folder that has them.',
      ].join('\n'),
    )
  })

  test('the option dir is taken at its word', async () => {
    await put('system')
    const baseUrl = await publish()
    const dir = join(folder, 'dir')
    await expect(found({ dir, baseUrl })).rejects.toThrow(
      `Toy was not found. Looked in:\n  ${dir} (option dir): none of its files\nCheck the option dir`,
    )
  })

  test('download: false asks nobody', async () => {
    const baseUrl = await publish()
    await expect(found({ baseUrl, download: false })).rejects.toThrow(/or allow the download\.$/)
  })

  test('files that do not belong together are named', async () => {
    const dir = await put('dir')
    await writeFile(join(dir, names[1] as string), idx([2], Uint8Array.of(1, 2)))
    await expect(loadMnistLike(source, { dir })).rejects.toThrow(
      /train-labels-idx1-ubyte: expected uint8 labels of shape \[3\], one for each image of .*, received uint8 \[2\]/,
    )
  })

  test('a damaged file is named with its reason', async () => {
    const dir = await put('dir')
    await writeFile(join(dir, names[2] as string), images.subarray(0, 20))
    await expect(loadMnistLike(source, { dir })).rejects.toThrow(/t10k-images-idx3-ubyte: has a damaged header: shape/)
  })
})
