import cliProgress from 'cli-progress'
import type { DatasetOptions, DownloadProgress } from './types.js'

/** Shows the progress of downloads on stderr, where a person sees it; returns what to call and how to end it. */
export function downloadReporter(options: DatasetOptions): {
  onProgress: (progress: DownloadProgress) => void
  close: () => void
} {
  if (options.onProgress) return { onProgress: options.onProgress, close() {} }
  if (options.quiet || !process.stderr.isTTY) return { onProgress() {}, close() {} }
  const megabytes = (bytes: number) => Number((bytes / 1e6).toFixed(1))
  let bar: cliProgress.SingleBar | undefined
  let current: string | undefined
  return {
    onProgress({ file, received, total }) {
      if (file !== current) {
        bar?.stop()
        current = file
        bar = new cliProgress.SingleBar(
          {
            format: `${file} {bar} {value}/{total} MB, {eta_formatted} left`,
            stream: process.stderr,
            hideCursor: null,
            linewrap: true,
            gracefulExit: false,
          },
          cliProgress.Presets.shades_classic,
        )
        bar.start(megabytes(total ?? received), 0)
      }
      if (total === undefined) bar?.setTotal(megabytes(received))
      bar?.update(megabytes(received))
    },
    close: () => bar?.stop(),
  }
}
