// Trains in a process of its own, which may end on the way: see training.ts. Arguments as JSON; prints what came out.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { callbacks, type History, models } from '../../ts/index.js'
import { batches, data, fingerprint, type Kind, listeners, network, options } from './training.js'

export interface Job {
  kind: Kind
  folder: string
  /** Save after so many epochs, or go on from there. */
  part?: 'first' | 'second'
  /** How the model is saved between the parts. */
  file?: string
  /** Back the training up. */
  saveFreq?: 'epoch' | number
  /** End this process after so many steps, or in the middle of a validation. */
  killAt?: number | 'validation'
  /** Batches one after the other. */
  source?: 'batches' | 'steps'
}

const job = JSON.parse(process.argv[2] as string) as Job
const { kind, folder, part, saveFreq, killAt, source } = job
const file = join(folder, job.file ?? 'model.keras')
const epochs = 6
const half = 3

class Kill extends callbacks.Callback {
  private steps = 0

  override onTrainBatchEnd() {
    if (++this.steps === killAt) process.kill(process.pid, 'SIGKILL')
  }

  override onTestEnd() {
    if (killAt === 'validation' && this.steps >= 15) process.kill(process.pid, 'SIGKILL')
  }
}

const net = part === 'second' ? await models.load(file) : network(kind)
const { x, y } = data()
const list = part ? [] : kind === 'plateau' ? listeners(folder) : [callbacks.csvLogger(join(folder, 'log.csv'))]
if (saveFreq) list.unshift(callbacks.backupAndRestore({ backupDir: join(folder, 'backup'), saveFreq }))
// Whoever is killed has had the others do their work.
if (killAt) list.push(new Kill())

let history: History
if (source) {
  const { classWeight, validationSplit: _, batchSize: __, ...rest } = options
  const stepsPerEpoch = source === 'steps' ? 7 : undefined
  const given = { ...rest, classWeight, epochs, stepsPerEpoch, validationData: [x, y] as const, callbacks: list }
  history = await net.fit(batches({ x, y }), given as never)
} else {
  const span = part === 'first' ? { epochs: half } : part === 'second' ? { epochs, initialEpoch: half } : { epochs }
  history = await net.fit(x, y, { ...options, ...span, callbacks: list })
}
if (part === 'first') await net.save(file)
const log = part ? '' : readFileSync(join(folder, 'log.csv'), 'utf8')
console.log(JSON.stringify({ weights: fingerprint(net), history: history.history, epochs: history.epoch, log }))
