import type { HostTensor, Job, JobEnd, OnEvent } from '../../native/binding.cjs'
import type { CallbackList } from '../callbacks/callback-list.js'
import { createReporter, type Verbose } from '../progress/index.js'
import { type Handlers, logsOf, runJob } from './job.js'
import type { Model } from './model.js'

/** An evaluation or prediction to run. */
interface Shown {
  readonly kind: 'Test' | 'Predict'
  readonly callbacks: CallbackList
  readonly verbose: Verbose
  readonly x: HostTensor | undefined
  readonly batchSize: number
  /** Over the samples. */
  readonly passes: number
  readonly signal: AbortSignal | undefined
  readonly start: (shown: boolean, hear: OnEvent) => Job
}

/**
 * Runs an evaluation or prediction, shows its progress and calls its callbacks.
 *
 * @internal
 */
export async function runShown(model: Model, run: Shown): Promise<JobEnd> {
  const { kind, callbacks, verbose, x, batchSize, passes, signal, start } = run
  const steps = passes * Math.max(1, Math.ceil((x?.shape[0] ?? 0) / batchSize))
  const reporter = createReporter({ verbose, stepsPerEpoch: steps })
  const shown = verbose === 1 || (verbose === 'auto' && process.stdout.isTTY === true)
  const begin = performance.now()
  const time = () => ({ elapsedMs: performance.now() - begin })
  try {
    callbacks.begin(model, { steps, verbose })
    await callbacks.call(`on${kind}Begin`, {})
    reporter.onEpochBegin(0)
    const event: Handlers['event'] = async ({ type, step = 0, waits }, logs) => {
      if (type === 'progress') reporter.onProgress(step + 1, logs, time())
      if (waits) await callbacks.call(`on${kind}Batch${type === 'progress' ? 'End' : 'Begin'}`, step, logs)
    }
    const end = await runJob(hear => start(shown, hear), signal, { event })
    const logs = logsOf(end)
    reporter.onEpochEnd(0, logs, time())
    await callbacks.call(`on${kind}End`, logs)
    return end
  } finally {
    reporter.close()
  }
}
