import { join } from 'node:path'
import { download, type RemoteFile } from './download.js'
import { cacheFolder, type FileSet, locate, notFound } from './locate.js'
import { downloadReporter } from './progress.js'
import type { DatasetOptions } from './types.js'

/** A data set's files and where they can be downloaded. */
export interface Source {
  set: FileSet
  /** What to download: the files themselves or one archive of them. */
  remote: RemoteFile[]
  /** Hosts that have the files, in the order to try them. */
  baseUrls: string[]
  /** Turns what was downloaded into the files of the set; not needed where these are downloaded as they are. */
  unpack?: (folder: string) => Promise<void>
  /** May refuse a folder that holds all files, by saying why. */
  accept?: (paths: string[]) => Promise<string | undefined>
}

/** Paths of the files of a data set, in the order of `set.files`; downloads them if needed and allowed. */
export async function obtain(source: Source, options: DatasetOptions): Promise<string[]> {
  const { set, accept } = source
  const { paths, places } = await locate(set, options, accept)
  if (paths) return paths

  const put = `Put its files into one of these folders, or set GLOROT_DATA to the folder that has them`
  if (options.dir !== undefined) throw notFound(set, places, `Check the option dir: expected ${set.files.join(', ')}.`)
  if (options.download === false) throw notFound(set, places, `${put}, or allow the download.`)
  try {
    await fetchAll(source, options)
  } catch (cause) {
    options.signal?.throwIfAborted()
    throw notFound(set, places, `The download failed:\n${(cause as Error).message}\n${put}.`, cause)
  }
  const found = await locate(set, options, accept)
  if (!found.paths) throw notFound(set, found.places, 'It was downloaded, but its archive does not hold these files.')
  return found.paths
}

async function fetchAll({ set, remote, baseUrls, unpack }: Source, options: DatasetOptions): Promise<void> {
  const folder = cacheFolder(set, options)
  const hosts = options.baseUrl === undefined ? baseUrls : [options.baseUrl]
  const { onProgress, close } = downloadReporter(options)
  const signal = options.signal && { signal: options.signal }
  try {
    for (const file of remote) {
      await firstThatWorks(hosts, host =>
        download(`${host.replace(/\/$/, '')}/${file.name}`, join(folder, file.name), file, { onProgress, ...signal }),
      )
    }
  } finally {
    close()
  }
  await unpack?.(folder)
}

async function firstThatWorks(hosts: string[], attempt: (host: string) => Promise<void>): Promise<void> {
  const errors: Error[] = []
  for (const host of hosts) {
    try {
      return await attempt(host)
    } catch (error) {
      if ((error as Error).name === 'AbortError' || (error as Error).name === 'TimeoutError') throw error
      errors.push(error as Error)
    }
  }
  throw new AggregateError(errors, errors.map(error => `  ${error.message}`).join('\n'))
}
