import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { DatasetOptions } from './types.js'

/** A data set as a set of files that lie in one folder. */
export interface FileSet {
  /** Name for messages, e.g. `Fashion-MNIST`. */
  title: string
  /** Name of its folder below `GLOROT_DATA` and in the cache. */
  folder: string
  /** Names of its files. Each may lie there as it is or with `.gz` appended. */
  files: string[]
  /** Folders where system packages put it. */
  systemFolders?: string[]
  /** Subfolder that its archive unpacks to, if there is one. */
  subfolder?: string
}

/** What became of one folder that was looked at. */
export interface Place {
  path: string
  why: string
  missing: string[]
}

export interface Located {
  /** Paths of the files, in the order of `FileSet.files`, if one folder holds them all. */
  paths?: string[]
  /** All folders that were looked at before. */
  places: Place[]
}

/**
 * Looks for the files of a data set.
 *
 * @param accept - May refuse a folder that holds all files, by saying why.
 */
export async function locate(
  set: FileSet,
  options: DatasetOptions,
  accept: (paths: string[]) => Promise<string | undefined> = async () => undefined,
): Promise<Located> {
  const places: Place[] = []
  for (const { path, why } of candidates(set, options)) {
    const found = set.files.map(file => [file, `${file}.gz`].map(name => join(path, name)).find(existsSync))
    const missing = set.files.filter((_, index) => found[index] === undefined)
    if (missing.length) {
      places.push({ path, why, missing })
      continue
    }
    const paths = found as string[]
    const refused = await accept(paths)
    if (refused === undefined) return { paths, places }
    places.push({ path, why: `${why}; ${refused}`, missing })
  }
  return { places }
}

/** Folder of a data set in the cache. */
export function cacheFolder(set: FileSet, options: DatasetOptions): string {
  return join(options.cacheDir ?? userCache(), set.folder)
}

function candidates(set: FileSet, options: DatasetOptions): { path: string; why: string }[] {
  const within = (path: string, why: string) =>
    (set.subfolder ? [join(path, set.subfolder), path] : [path]).map(path => ({ path, why }))
  if (options.dir !== undefined) return within(options.dir, 'option dir')
  const { GLOROT_DATA: data } = process.env
  return [
    ...(data ? [...within(join(data, set.folder), 'GLOROT_DATA'), ...within(data, 'GLOROT_DATA')] : []),
    ...(set.systemFolders ?? []).map(path => ({ path, why: 'system package' })),
    ...within(cacheFolder(set, options), 'cache'),
  ]
}

function userCache(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'glorot', 'datasets')
  if (process.platform === 'win32') return join(LOCALAPPDATA ?? homedir(), 'glorot', 'Cache', 'datasets')
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'glorot', 'datasets')
}

/** The error when a data set is nowhere. */
export function notFound(set: FileSet, places: Place[], remedy: string, cause?: unknown): Error {
  const looked = places.map(({ path, why, missing }) => {
    const lacks = missing.length === set.files.length ? 'none of its files' : `lacks ${missing.join(', ')}`
    return `  ${path} (${why})${missing.length ? `: ${lacks}` : ''}`
  })
  return new Error(`${set.title} was not found. Looked in:\n${looked.join('\n')}\n${remedy}`, { cause })
}
