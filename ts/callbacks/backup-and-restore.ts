import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelFile } from '../../native/binding.cjs'
import { configError, restated } from '../errors.js'
import { inFile } from '../files/in-file.js'
import { writeModel } from '../files/save.js'
import type { History, Logs } from '../models/history.js'
import type { Model } from '../models/model.js'
import { kerasNames, namedLogs } from '../models/names.js'
import { native } from '../native.js'
import { Tensor } from '../tensor.js'
import { Callback } from './callback.js'
import { either, flag, integer, oneOf, readOptions, required, text } from './options.js'
import { decode, encode, type NamedTensor } from './state.js'

/** Options of {@link backupAndRestore}. */
export interface BackupAndRestoreOptions {
  /** The folder of the backup, of one training alone; made if need be. */
  backupDir: string
  /** Save at the end of each epoch, or of every so many steps. Default: `'epoch'`. */
  saveFreq?: 'epoch' | number
  /** Keep the backup before the last one too, for when a disk loses the last one. Default: `false`. */
  doubleCheckpoint?: boolean
  /** Delete the backup when the training has ended. Default: `true`. */
  deleteCheckpoint?: boolean
}

const known = {
  backupDir: required(text('')),
  saveFreq: either(oneOf<'epoch'>('epoch'), integer(1, { min: 1 })),
  doubleCheckpoint: flag(false),
  deleteCheckpoint: flag(true),
}

/** What a backup says of the training, in JSON. */
interface Saved {
  /** Epochs that are behind. */
  epoch: number
  /** Steps of the next one that are behind. */
  step: number
  /** Steps of an epoch, 0 if they are not known. */
  steps: number
  stopTraining: boolean
  /** Running values of the epoch, by Keras's names. */
  logs: Record<string, number>
  history: { epoch: number; logs: Logs }[]
  callbacks: { name: string; state: unknown }[]
}

/** @internal The training that is backed up. */
export interface BackedUp {
  readonly callbacks: readonly Callback[]
  readonly history: History
}

const LAST = 'backup.keras'
const PREVIOUS = 'previous.keras'

/**
 * Backs a training up, so that it continues where it was when its process has been killed: run the same program again.
 * `fit` then goes on after the last step that was saved, with the same weights, optimizer, random numbers, order of
 * samples, history and state of the other callbacks, so that in the end nothing differs from a training that was not
 * interrupted.
 *
 * The other callbacks' methods are called before its own, wherever it stands in the list. What they must know to go on
 * they give by `getState`.
 */
export class BackupAndRestore extends Callback {
  private readonly options: ReturnType<typeof readOptions<typeof known>>
  private training: BackedUp | undefined
  private epoch = 0
  private since = 0

  constructor(options: BackupAndRestoreOptions) {
    super()
    this.options = readOptions('backupAndRestore', options, known)
    // Only now does the callback hear of steps, which costs time.
    if (this.options.saveFreq !== 'epoch') this.onTrainBatchEnd = this.countStep
  }

  /** @internal Where the training goes on; `undefined` if there is no backup. */
  async restore(model: Model, training: BackedUp): Promise<Restored | undefined> {
    this.training = training
    this.since = 0
    const { backupDir } = this.options
    let failure: unknown
    for (const name of [LAST, PREVIOUS]) {
      const path = join(backupDir, name)
      if (!(await exists(path))) continue
      try {
        return await inFile(path, async () => new Restored(await native.readModelFile(path), model, training))
      } catch (error) {
        failure ??= error
      }
    }
    if (!failure) return undefined
    const { message } = failure as Error
    const text = `backupAndRestore: the training cannot go on: ${message}; delete '${backupDir}' to begin anew`
    throw restated(failure, text)
  }

  override async onTrainBegin(): Promise<void> {
    const { backupDir } = this.options
    await mkdir(backupDir, { recursive: true })
    // What a process was writing when it was killed.
    for (const name of await readdir(backupDir)) {
      if (/^\.(backup|previous)\.keras\..*\.tmp$/.test(name)) await rm(join(backupDir, name), { force: true })
    }
  }

  override onEpochBegin(epoch: number): void {
    this.epoch = epoch
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.options.saveFreq !== 'epoch') return
    const { history } = this.training as BackedUp
    const epochs = [...history.rows(), { epoch, logs }]
    await this.save({ epoch: epoch + 1, step: 0, logs: {}, history: epochs })
  }

  private async countStep(step: number, logs: Logs): Promise<void> {
    if (++this.since < (this.options.saveFreq as number)) return
    this.since = 0
    const { history } = this.training as BackedUp
    await this.save({ epoch: this.epoch, step: step + 1, logs: kerasNames(logs), history: history.rows() })
  }

  override async onTrainEnd(): Promise<void> {
    const { backupDir, deleteCheckpoint } = this.options
    if (!deleteCheckpoint) return
    for (const name of [LAST, PREVIOUS]) await rm(join(backupDir, name), { force: true })
    // Only an empty folder: nobody said that all in it is ours.
    await rmdir(backupDir).catch(() => {})
  }

  private async save(at: Pick<Saved, 'epoch' | 'step' | 'logs' | 'history'>): Promise<void> {
    const { backupDir, doubleCheckpoint } = this.options
    const tensors: NamedTensor[] = []
    const callbacks = withState((this.training as BackedUp).callbacks).map(callback => {
      const { name } = callback.constructor
      return { name, state: encode(name, callback.getState(), tensors) ?? null }
    })
    const { stopTraining } = this.model
    const saved: Saved = { ...at, steps: this.params.steps, stopTraining, callbacks }
    const [last, previous] = [join(backupDir, LAST), join(backupDir, PREVIOUS)]
    // At every moment one of them is there, and whole.
    if (doubleCheckpoint && (await exists(last))) await rename(last, previous)
    await writeModel(this.model, last, true, { state: JSON.stringify(encode('backup', saved, tensors)), tensors })
  }
}

/** Callbacks that have something to save. */
const withState = (callbacks: readonly Callback[]) =>
  callbacks.filter(callback => callback.getState !== Callback.prototype.getState)

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

/** @internal A training that goes on. */
export class Restored {
  private readonly file: ModelFile
  private readonly model: Model
  private readonly training: BackedUp
  private readonly saved: Saved

  constructor(file: ModelFile, model: Model, training: BackedUp) {
    const state = file.state()
    if (state == null || state === 'null') throw configError('it is a model, but not the backup of a training')
    const tensors = file.tensors().map(({ name, tensor }) => ({ name, tensor: new Tensor(tensor) }))
    this.file = file
    this.model = model
    this.training = training
    this.saved = decode(JSON.parse(state), tensors) as Saved
    const { class_name: optimizer } = JSON.parse(file.compile() ?? '{}').optimizer ?? {}
    if (optimizer !== undefined && optimizer !== model.optimizer.className) {
      throw configError(
        `it is of a training with ${optimizer}, the model is compiled with ${model.optimizer.className}`,
      )
    }
    this.apply()
    file.goOn(model.model, this.step > 0)
    for (const { epoch, logs } of this.saved.history) training.history.add(epoch, logs)
  }

  /** Epochs that are behind. */
  get epoch(): number {
    return this.saved.epoch
  }

  /** Steps of the next one that are behind. */
  get step(): number {
    return this.saved.step
  }

  /** Steps of an epoch, if they are known. */
  get steps(): number | undefined {
    return this.saved.steps || undefined
  }

  /** A callback had asked to end the training. */
  get stopTraining(): boolean {
    return this.saved.stopTraining
  }

  /** Which epochs are left to be trained. */
  left(epochs: number): { initialEpoch: number; epochs: number; resume: { step: number; steps?: number } } {
    const { epoch, step, steps, stopTraining } = this
    // An epoch that is to be the last one ends without its other steps.
    const last = epoch + (stopTraining && step > 0 ? 1 : 0)
    const end = stopTraining ? last : Math.max(epochs, epoch)
    return { initialEpoch: epoch, epochs: end, resume: { step: stopTraining ? step && (steps ?? step) : step, steps } }
  }

  /** Running values of the epoch or, between epochs, those of the last one. */
  get logs(): Logs {
    if (this.step === 0) return this.saved.history.at(-1)?.logs ?? {}
    return namedLogs(Object.keys(this.saved.logs), Object.values(this.saved.logs))
  }

  /** Gives model and optimizer what they had; callbacks may have changed it since, as they do when a training begins. */
  apply(): void {
    const { file, model } = this
    file.setWeights(model.model, true)
    file.setOptimizer(model.model, model.optimizer.handle, false)
  }

  /** Gives model, optimizer and callbacks what they had. */
  async applyAll(): Promise<void> {
    this.apply()
    const callbacks = withState(this.training.callbacks)
    const names = callbacks.map(callback => callback.constructor.name)
    const before = this.saved.callbacks.map(({ name }) => name)
    if (names.join() !== before.join()) {
      throw configError(
        `backupAndRestore: the interrupted training had the callbacks ${before.join(', ') || '(none)'}, this one has ` +
          `${names.join(', ') || '(none)'}: give the same, or delete the backup to begin anew`,
      )
    }
    for (const [i, callback] of callbacks.entries()) {
      const { state } = this.saved.callbacks[i] as { state: unknown }
      if (state !== null) await callback.setState(state as never)
    }
  }
}

/** Backs a training up, so that it continues by itself when the same program is run again. */
export const backupAndRestore = (
  backupDir: string | BackupAndRestoreOptions,
  options?: Omit<BackupAndRestoreOptions, 'backupDir'>,
) => new BackupAndRestore(typeof backupDir === 'string' ? { ...options, backupDir } : backupDir)
