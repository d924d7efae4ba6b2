import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { cifar10, loadCifar10, source } from '../../ts/datasets/cifar10.js'
import type { Source } from '../../ts/datasets/obtain.js'
import { untar } from '../../ts/datasets/untar.js'
import { files, serve } from './server.js'

let folder: string
let server: Awaited<ReturnType<typeof serve>> | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glorot-cifar-'))
  vi.stubEnv('GLOROT_DATA', '')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await server?.close()
  server = undefined
  await rm(folder, { recursive: true })
})

/** Batches of two records, told apart by their labels: 0, 1; 1, 2; ... */
async function writeBatches(path: string): Promise<void> {
  await mkdir(path, { recursive: true })
  for (const [i, name] of source.set.files.entries()) {
    const batch = Buffer.alloc(2 * 3073, 100 + i)
    batch[0] = i
    batch[3073] = i + 1
    await writeFile(join(path, name), batch)
  }
}

/** An archive of them, made by the system's tar, and where to get it. */
async function publish(): Promise<Source> {
  await writeBatches(join(folder, 'original', 'cifar-10-batches-bin'))
  await writeFile(join(folder, 'original', 'cifar-10-batches-bin', 'readme.html'), 'not needed')
  execFileSync('tar', ['-czf', '../archive.tar.gz', 'cifar-10-batches-bin'], { cwd: join(folder, 'original') })
  const archive = await readFile(join(folder, 'archive.tar.gz'))
  server = await serve(files({ '/cifar-10-binary.tar.gz': archive }))
  const sha256 = createHash('sha256').update(archive).digest('hex')
  const remote = source.remote.map(file => ({ ...file, sha256, bytes: archive.length }))
  return { ...source, remote, baseUrls: [server.url] }
}

async function expectBatches(loading: ReturnType<typeof cifar10>): Promise<void> {
  const { train, test } = await loading
  expect(train.x.shape).toEqual([10, 32, 32, 3])
  expect([...train.y.data()]).toEqual([0, 1, 1, 2, 2, 3, 3, 4, 4, 5])
  expect([...test.y.data()]).toEqual([5, 6])
  expect(train.x.data()[3072 * 9]).toBe(104)
  expect(test.x.data()[0]).toBe(105)
}

test.each(['cifar-10-batches-bin', '.'])('batches in %s of a folder are found', async where => {
  await writeBatches(join(folder, 'data', where))
  await expectBatches(cifar10({ dir: join(folder, 'data') }))
  vi.stubEnv('GLOROT_DATA', join(folder, 'data'))
  await expectBatches(cifar10({ cacheDir: join(folder, 'cache') }))
})

test('the archive is downloaded, unpacked once and removed', async () => {
  const from = await publish()
  const options = { cacheDir: join(folder, 'cache') }
  await expectBatches(loadCifar10(from, options))
  expect(await readdir(join(folder, 'cache', 'cifar-10'))).toEqual(['cifar-10-batches-bin'])
  expect((await readdir(join(folder, 'cache', 'cifar-10', 'cifar-10-batches-bin'))).sort()).toEqual(
    [...source.set.files].sort(),
  )
  await server?.close()
  await expectBatches(loadCifar10(from, options))
})

test('files that an earlier attempt left are replaced', async () => {
  const from = await publish()
  const cached = join(folder, 'cache', 'cifar-10', 'cifar-10-batches-bin')
  await mkdir(cached, { recursive: true })
  await writeFile(join(cached, 'data_batch_1.bin'), 'damaged')
  await expectBatches(loadCifar10(from, { cacheDir: join(folder, 'cache') }))
})

test('an archive without the batches is an error that leaves no files behind', async () => {
  const archive = gzipSync(Buffer.alloc(1024))
  server = await serve(files({ '/cifar-10-binary.tar.gz': archive }))
  const sha256 = createHash('sha256').update(archive).digest('hex')
  const remote = source.remote.map(file => ({ ...file, sha256 }))
  const loading = loadCifar10({ ...source, remote, baseUrls: [server.url] }, { cacheDir: join(folder, 'cache') })
  await expect(loading).rejects.toThrow('its archive does not hold these files')
  expect(await readdir(join(folder, 'cache', 'cifar-10', 'cifar-10-batches-bin'))).toEqual([])
})

test('truncated and damaged archives are errors', async () => {
  await publish()
  execFileSync('tar', ['-cf', '../plain.tar', 'cifar-10-batches-bin'], { cwd: join(folder, 'original') })
  const whole = await readFile(join(folder, 'plain.tar'))
  const entries = async (bytes: Buffer) => {
    const seen: [string, number][] = []
    const chunks = (async function* () {
      // Odd pieces, so that headers and contents are cut in the middle.
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
    })()
    await untar(chunks, async (name, content) => {
      let size = 0
      for await (const chunk of content) size += chunk.length
      seen.push([name, size])
    })
    return seen
  }
  expect(await entries(whole)).toContainEqual(['cifar-10-batches-bin/test_batch.bin', 6146])
  expect(await entries(whole)).toHaveLength(7)
  await expect(entries(whole.subarray(0, 3000))).rejects.toThrow('the archive is truncated')
  const damaged = Buffer.from(whole)
  damaged.fill('x', 124, 136)
  await expect(entries(damaged)).rejects.toThrow("the archive is damaged: 'cifar-10-batches-bin/' has no valid size")
})
