import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import type { DownloadProgress } from './types.js'

/** A file to download and how to know that it is the right one. */
export interface RemoteFile {
  /** Name on the server and in the cache. */
  name: string
  /** SHA-256 of the file, or of what it unpacks to, in hexadecimal. */
  sha256: string
  /**
   * Whether `sha256` is of the file as it is transferred or of its decompressed content. The latter also fits copies
   * that somebody has compressed again.
   */
  of: 'file' | 'content'
  /** Bytes that are hashed, and an upper bound of the transfer: a server that sends more is stopped. */
  bytes: number
}

/** Compression of data that cannot be compressed adds less than this. */
const GZIP_OVERHEAD = 1 << 16

/**
 * Downloads a file and puts it in place only when it is complete and right: it is written beside its target, checked,
 * flushed to the disk and renamed. Whatever goes wrong, nothing is left behind.
 *
 * @param url - Where it is.
 * @param target - Path it shall have.
 */
export async function download(
  url: string,
  target: string,
  file: RemoteFile,
  options: { onProgress?: (progress: DownloadProgress) => void; signal?: AbortSignal } = {},
): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  const temporary = join(dirname(target), `.${file.name}.${randomUUID()}.part`)
  const handle = await open(temporary, 'wx')
  try {
    await receive(url, handle, file, options)
    const actual = await sha256(temporary, file)
    if (actual !== file.sha256) {
      const what = file.of === 'content' ? 'decompressed content' : 'file'
      throw new Error(`${url}: SHA-256 of the ${what} is ${actual}, expected ${file.sha256}`)
    }
    await handle.sync()
    await handle.close()
    await rename(temporary, target)
  } catch (error) {
    await handle.close()
    await rm(temporary, { force: true })
    throw error
  }
}

async function receive(
  url: string,
  handle: FileHandle,
  file: RemoteFile,
  { onProgress, signal }: { onProgress?: (progress: DownloadProgress) => void; signal?: AbortSignal },
): Promise<void> {
  let response: Response
  try {
    // The file as it is, not unpacked on the way.
    response = await fetch(url, { signal: signal ?? null, headers: { 'accept-encoding': 'identity' } })
  } catch (cause) {
    signal?.throwIfAborted()
    throw new Error(`${url}: ${reason(cause)}`, { cause })
  }
  if (!response.ok || !response.body) throw new Error(`${url}: HTTP ${response.status} ${response.statusText}`)
  const length = response.headers.get('content-encoding') ? null : response.headers.get('content-length')
  const total = length === null ? undefined : Number(length)
  const most = file.bytes + GZIP_OVERHEAD
  let received = 0
  try {
    for await (const chunk of response.body) {
      received += chunk.byteLength
      if (received > most) throw new Error(`more than the expected ${most} bytes`)
      await writeAll(handle, chunk)
      onProgress?.({ file: file.name, received, ...(total !== undefined && { total }) })
    }
  } catch (cause) {
    signal?.throwIfAborted()
    throw new Error(`${url}: the transfer broke off after ${received} bytes: ${reason(cause)}`, { cause })
  }
  if (total !== undefined && received !== total) {
    throw new Error(`${url}: received ${received} of ${total} bytes`)
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.byteLength; ) {
    written += (await handle.write(chunk, written)).bytesWritten
  }
}

/** SHA-256 of a file or of what it unpacks to, read in pieces and no further than `bytes`. */
async function sha256(path: string, { of, bytes }: RemoteFile): Promise<string> {
  const content = of === 'content' ? await decompressed(path) : createReadStream(path)
  const hash = createHash('sha256')
  let hashed = 0
  for await (const chunk of content) {
    hashed += chunk.length
    if (hashed > bytes) throw new Error(`${path} holds more than the expected ${bytes} bytes`)
    hash.update(chunk)
  }
  return hash.digest('hex')
}

/** The content of a file that may be gzip, told by its first bytes. */
export async function decompressed(path: string): Promise<AsyncIterable<Buffer>> {
  const handle = await open(path)
  const magic = new Uint8Array(2)
  await handle.read(magic, 0, 2, 0)
  await handle.close()
  const stream = createReadStream(path)
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return stream
  const unpacked = createGunzip()
  stream.on('error', error => unpacked.destroy(error))
  return stream.pipe(unpacked)
}

/** `fetch` says only "fetch failed"; what failed is in the cause. */
function reason(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? cause.message || String(cause) : message
}
