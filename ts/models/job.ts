import type { Job, JobEnd, JobEvent } from '../../native/binding.cjs'
import type { History, Logs } from './history.js'
import { namedLogs } from './names.js'

/** An `AbortSignal` ended the call. */
export class AbortError extends Error {
  override readonly name = 'AbortError'
  readonly code = 'ABORT_ERR'
  /** Of a training: what it had reached. */
  readonly history: History | undefined

  /** @internal */
  constructor(signal: AbortSignal, history?: History) {
    super('The operation was aborted', { cause: signal.reason })
    this.history = history
  }
}

/** @internal What happens on the way. */
export interface Handlers {
  /** Called in order, one after the other. Where the job waits, it goes on when this is done; `true` stops it. */
  event?: (event: JobEvent, logs: Logs) => unknown
  history?: History
}

/**
 * Runs a job to its end, on a thread of its own.
 *
 * @internal
 * @param start Starts it with the function that hears its events.
 * @throws What a handler throws, or the error of the job with its `code`; `AbortError`.
 */
export async function runJob(
  start: (onEvent: (event: JobEvent) => void) => Job,
  signal: AbortSignal | undefined,
  { event: handle, history }: Handlers = {},
): Promise<JobEnd> {
  if (signal?.aborted) throw new AbortError(signal, history)
  let thrown: { error: unknown } | undefined
  let job: Job | undefined
  const abort = () => job?.cancel()
  try {
    const end = await new Promise<JobEnd>((resolve, reject) => {
      let tail: Promise<void> = Promise.resolve()
      const hear = async (event: JobEvent) => {
        if (event.end) return resolve(event.end)
        let stop = false
        try {
          stop = (!thrown && (await handle?.(event, logsOf(event)))) === true
        } catch (error) {
          thrown ??= { error }
          job?.cancel()
        }
        if (event.waits) job?.reply(stop)
      }
      try {
        job = start(event => {
          tail = tail.then(() => hear(event))
        })
      } catch (error) {
        return reject(error)
      }
      signal?.addEventListener('abort', abort, { once: true })
    })
    if (thrown) throw thrown.error
    if (end.code && !end.cancelled) throw Object.assign(new Error(end.message), { code: end.code, history })
    if (end.cancelled && signal?.aborted) throw new AbortError(signal, history)
    return end
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

/** @internal Names and values as an object with names in camelCase. */
export function logsOf({ names = [], values = [] }: { names?: string[]; values?: number[] }): Logs {
  return namedLogs(names, values)
}
