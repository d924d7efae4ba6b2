import cliProgress from 'cli-progress'
import { configError, shown } from '../errors.js'
import { formatBar, formatDuration, formatLogs, formatStepTime, type Logs } from './format.js'

/**
 * How much a run says: `0` nothing, `1` a progress bar, `2` one line an epoch, `'auto'` a progress bar on a terminal
 * and one line an epoch elsewhere.
 */
export type Verbose = 'auto' | 0 | 1 | 2

/** What `createReporter` needs of a stream; `process.stdout` has it. */
export type ReporterStream = NodeJS.WritableStream & { isTTY?: boolean; columns?: number }

/** What a reporter shows. */
export interface ReporterOptions {
  verbose: Verbose
  /** Number of epochs; without it (evaluation, prediction) no epoch is named. */
  epochs?: number
  stepsPerEpoch: number
  /** Where to write. Default: `process.stdout`. */
  stream?: ReporterStream
}

/** Shows how training proceeds. */
export interface Reporter {
  /** @param report - What the device says before the first step; of the CPU nothing. */
  onPlan(report: string | undefined): void
  /** @param epoch - Counted from 0. */
  onEpochBegin(epoch: number): void
  /**
   * @param step - Number of steps done in this epoch.
   * @param logs - Running values.
   * @param time - `elapsedMs`: time since the epoch began.
   */
  onProgress(step: number, logs: Logs, time: { elapsedMs: number }): void
  onEpochEnd(epoch: number, logs: Logs, time: { elapsedMs: number }): void
  /** Leaves the terminal as it was, also in the middle of an epoch. */
  close(): void
}

/** Makes the reporter for a verbosity. */
export function createReporter({ verbose, epochs, stepsPerEpoch, stream }: ReporterOptions): Reporter {
  const out: ReporterStream = stream ?? process.stdout
  const title = (epoch: number) => (epochs === undefined ? '' : `Epoch ${epoch + 1}/${epochs}`)
  switch (verbose) {
    case 'auto':
      return out.isTTY ? barReporter(out, title, stepsPerEpoch) : lineReporter(out, title, stepsPerEpoch)
    case 0:
      return { onPlan() {}, onEpochBegin() {}, onProgress() {}, onEpochEnd() {}, close() {} }
    case 1:
      return barReporter(out, title, stepsPerEpoch)
    case 2:
      return lineReporter(out, title, stepsPerEpoch)
    default:
      throw configError(`verbose: expected 'auto', 0, 1 or 2, received ${shown(verbose)}`)
  }
}

type Title = (epoch: number) => string

const planOn = (out: ReporterStream) => (report: string | undefined) => {
  if (report !== undefined) out.write(`${report}\n`)
}

/** `Epoch 1/5 - 1719/1719 - 1.2s - 700us/step - loss: 0.5000` when an epoch ends. */
function lineReporter(out: ReporterStream, title: Title, steps: number): Reporter {
  return {
    onPlan: planOn(out),
    onEpochBegin() {},
    onProgress() {},
    onEpochEnd(epoch, logs, { elapsedMs }) {
      const name = title(epoch)
      const time = `${formatDuration(elapsedMs)} - ${formatStepTime(elapsedMs / steps)}`
      out.write(`${name && `${name} - `}${steps}/${steps} - ${time}${formatLogs(logs)}\n`)
    },
    close() {},
  }
}

/** Keras's two lines: the epoch, then a bar that grows, with what remains, time per step and running values. */
function barReporter(out: ReporterStream, title: Title, steps: number): Reporter {
  const width = String(steps).length
  const line = (step: number, time: string, elapsedMs: number, logs: Logs) =>
    `${String(step).padStart(width)}/${steps} ${formatBar(step / steps, 20)} ` +
    `${time} ${formatStepTime(elapsedMs / Math.max(step, 1))}${formatLogs(logs)}`

  let bar: cliProgress.SingleBar | undefined
  const close = () => {
    bar?.stop()
    bar = undefined
  }
  const open = () => {
    // Without a terminal to redraw on, the line at the end of the epoch is all there is.
    if (!out.isTTY) return
    bar = new cliProgress.SingleBar({
      stream: out,
      clearOnComplete: true,
      // Neither the cursor, nor line wrapping, nor the meaning of Ctrl-C changes: nothing to restore after a crash.
      hideCursor: null,
      linewrap: true,
      gracefulExit: false,
      format: (_options, { value }, { elapsedMs, logs }: { elapsedMs: number; logs: Logs }) => {
        if (value === 0) return `${value}/${steps}`
        return line(value, `ETA ${formatDuration((elapsedMs / value) * (steps - value))}`, elapsedMs, logs)
      },
    })
    bar.start(steps, 0, { elapsedMs: 0, logs: {} })
  }
  return {
    onPlan(report) {
      if (report === undefined) return
      const wasOpen = bar !== undefined
      close()
      planOn(out)(report)
      if (wasOpen) open()
    },
    onEpochBegin(epoch) {
      close()
      const name = title(epoch)
      if (name) out.write(`${name}\n`)
      open()
    },
    onProgress(step, logs, { elapsedMs }) {
      bar?.update(step, { elapsedMs, logs })
    },
    onEpochEnd(_epoch, logs, { elapsedMs }) {
      close()
      // In full, however wide the terminal is: this line stays.
      out.write(`${line(steps, formatDuration(elapsedMs), elapsedMs, logs)}\n`)
    },
    close,
  }
}
