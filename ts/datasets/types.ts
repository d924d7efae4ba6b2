import type { Tensor } from '../tensor.js'

/** Samples and their labels. */
export interface Samples {
  /** Pixels, u8: `[n, 28, 28]` for the gray data sets, `[n, 32, 32, 3]` for CIFAR-10. */
  x: Tensor
  /** Class numbers, u8: `[n]`. */
  y: Tensor
}

/** A data set as it is usually published: one part to train with, one to test with. */
export interface Dataset {
  train: Samples
  test: Samples
}

/** How far the download of one file is. */
export interface DownloadProgress {
  /** Name of the file. */
  file: string
  /** Bytes received so far. */
  received: number
  /** Bytes to receive, where the server says so. */
  total?: number
}

/**
 * Where a data set may come from. Its files are looked for in `dir`; without it in the folder that the environment
 * variable `GLOROT_DATA` names, in the folder of Debian's package, in the cache of the user; what is found nowhere is
 * downloaded into the cache.
 */
export interface DatasetOptions {
  /** Folder that holds the files. When given, no other place is considered and nothing is downloaded. */
  dir?: string
  /** Whether files may be downloaded. Default: `true`. */
  download?: boolean
  /** Where to download from instead of the known hosts, e.g. a mirror: `<baseUrl>/<file>`. Checksums still apply. */
  baseUrl?: string
  /** Folder to keep downloads in. Default: `glorot/datasets` in the user's cache folder. */
  cacheDir?: string
  /** Called as a download proceeds. When given, nothing is printed. */
  onProgress?: (progress: DownloadProgress) => void
  /** Suppresses the progress bar that a terminal (stderr) shows during a download. Default: `false`. */
  quiet?: boolean
  /** Ends a download. */
  signal?: AbortSignal
}
