import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { download, type RemoteFile } from '../../ts/datasets/download.js'
import { files, serve } from './server.js'

const content = Buffer.from('what the file holds '.repeat(10_000))
const sha256 = createHash('sha256').update(content).digest('hex')
const file: RemoteFile = { name: 'data.bin', sha256, of: 'file', bytes: content.length }

let folder: string
let server: Awaited<ReturnType<typeof serve>> | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glorot-download-'))
})
afterEach(async () => {
  await server?.close()
  server = undefined
  await rm(folder, { recursive: true })
})

async function listen(listener: Parameters<typeof serve>[0]): Promise<string> {
  server = await serve(listener)
  return `${server.url}/data.bin`
}

const get = (url: string, what: RemoteFile = file, options: Parameters<typeof download>[3] = {}) =>
  download(url, join(folder, 'sub', what.name), what, options)

/** Everything below the folder, hidden files included. */
const left = () => readdir(join(folder, 'sub'))

test('a file arrives whole, with progress', async () => {
  const progress: { file: string; received: number; total?: number }[] = []
  await get(await listen(files({ '/data.bin': content })), file, { onProgress: step => progress.push(step) })
  expect(await readFile(join(folder, 'sub', 'data.bin'))).toEqual(content)
  expect(await left()).toEqual(['data.bin'])
  expect(progress.at(-1)).toEqual({ file: 'data.bin', received: content.length, total: content.length })
  const received = progress.map(step => step.received)
  expect(received).toEqual([...received].sort((a, b) => a - b))
})

test.each([1, 9])('the checksum of the content fits any compression (level %i)', async level => {
  const packed = gzipSync(content, { level })
  await get(await listen(files({ '/data.bin': packed })), { ...file, of: 'content' })
  expect(await readFile(join(folder, 'sub', 'data.bin'))).toEqual(packed)
})

test('a wrong checksum is an error that names both, and leaves nothing', async () => {
  const changed = Buffer.from(content)
  changed[5] = 0
  const url = await listen(files({ '/data.bin': changed }))
  const actual = createHash('sha256').update(changed).digest('hex')
  await expect(get(url)).rejects.toThrow(`${url}: SHA-256 of the file is ${actual}, expected ${sha256}`)
  expect(await left()).toEqual([])
})

test('damaged compression is an error and leaves nothing', async () => {
  const packed = gzipSync(content)
  packed[packed.length - 6] = (packed[packed.length - 6] as number) ^ 1
  await expect(get(await listen(files({ '/data.bin': packed })), { ...file, of: 'content' })).rejects.toThrow()
  expect(await left()).toEqual([])
})

test('a body that ends early is an error and leaves nothing', async () => {
  const url = await listen((_request, response) => {
    response.writeHead(200, { 'content-length': content.length })
    response.write(content.subarray(0, 1000), () => response.destroy())
  })
  await expect(get(url)).rejects.toThrow(/the transfer broke off after (0|1000) bytes/)
  expect(await left()).toEqual([])
})

test('a body that ends early without an announced length is caught by the checksum', async () => {
  const url = await listen((_request, response) => {
    response.writeHead(200)
    response.end(content.subarray(0, 1000))
  })
  await expect(get(url)).rejects.toThrow(/SHA-256 of the file is/)
  expect(await left()).toEqual([])
})

test('a server that sends without end is stopped', async () => {
  const url = await listen((_request, response) => {
    response.writeHead(200)
    const more = () => void response.write(content, error => error || more())
    more()
  })
  await expect(get(url)).rejects.toThrow(/more than the expected \d+ bytes/)
  expect(await left()).toEqual([])
})

test('content that unpacks to more than expected is not unpacked to the end', async () => {
  const bomb = gzipSync(Buffer.alloc(20_000_000))
  await expect(get(await listen(files({ '/data.bin': bomb })), { ...file, of: 'content' })).rejects.toThrow(
    /holds more than the expected 200000 bytes/,
  )
  expect(await left()).toEqual([])
})

test('an abort ends the download and leaves nothing', async () => {
  const controller = new AbortController()
  const url = await listen((_request, response) => {
    response.writeHead(200, { 'content-length': content.length })
    response.write(content.subarray(0, 1000))
  })
  const promise = get(url, file, { onProgress: () => controller.abort(), signal: controller.signal })
  await expect(promise).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
  expect(await left()).toEqual([])
})

test('an HTTP error and a missing server are named', async () => {
  const url = await listen(files({}))
  await expect(get(url)).rejects.toThrow(`${url}: HTTP 404 Not Found`)
  await server?.close()
  await expect(get(url)).rejects.toThrow(/ECONNREFUSED/)
  expect(await left()).toEqual([])
})
