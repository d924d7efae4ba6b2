import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { configError } from '../errors.js'
import type { Logs } from '../models/history.js'
import { camelCase } from '../models/names.js'
import { Callback } from './callback.js'
import { Monitor, type MonitorOptions, monitorOptions } from './monitor.js'
import { either, flag, integer, number, oneOf, optional, readOptions, required, text } from './options.js'

/** Options of {@link modelCheckpoint}. */
export interface ModelCheckpointOptions extends MonitorOptions {
  /**
   * Where the model is saved; folders are made if need be. In braces the number of the epoch from 1, that of the step
   * from 1 (`{batch}`, with a `saveFreq` in steps) and values of the logs, with the digits to show after a colon:
   * `'model-{epoch:02d}-{valLoss:.2f}.keras'`.
   */
  path: string
  /** Save only what is better than all before, by `monitor`. Default: `false`. */
  saveBestOnly?: boolean
  /** Save the weights alone: `.weights.h5` or `.safetensors`. Default: `false`. */
  saveWeightsOnly?: boolean
  /** At the end of each epoch, or of every so many steps. Default: `'epoch'`. */
  saveFreq?: 'epoch' | number
  /** What must be beaten by the first that is saved. Default: none. */
  initialValueThreshold?: number | null
  /** 1: says what it saves. Default: 0. */
  verbose?: 0 | 1
}

const known = {
  path: required(text('')),
  ...monitorOptions,
  saveBestOnly: flag(false),
  saveWeightsOnly: flag(false),
  saveFreq: either(oneOf<'epoch'>('epoch'), integer(1, { min: 1 })),
  initialValueThreshold: optional(number(0)),
  verbose: oneOf<0 | 1>(0, 1),
}

interface ModelCheckpointState {
  best?: number | undefined
  epoch: number
  steps: number
}

/** Saves a model while it trains. */
export class ModelCheckpoint extends Callback {
  private readonly options: ReturnType<typeof readOptions<typeof known>>
  private readonly monitor: Monitor | undefined
  private readonly path: PathTemplate
  /** The best value so far; it stays from one training to the next. */
  best: number | undefined
  private epoch = 0
  private steps = 0

  constructor(options: ModelCheckpointOptions) {
    super()
    const read = readOptions('modelCheckpoint', options, known)
    const endings = read.saveWeightsOnly ? ['.weights.h5', '.safetensors'] : ['.keras', '.h5']
    if (!endings.some(ending => read.path.endsWith(ending))) {
      const what = read.saveWeightsOnly ? ', since only weights are saved' : ''
      throw configError(
        `modelCheckpoint: option 'path' must end in ${endings.join(' or ')}${what}; received '${read.path}'`,
      )
    }
    this.options = read
    this.path = new PathTemplate(read.path)
    this.monitor = read.saveBestOnly ? new Monitor('modelCheckpoint', read) : undefined
    this.best = read.initialValueThreshold ?? undefined
    // Only now does the callback hear of steps, which costs time.
    if (read.saveFreq !== 'epoch') this.onTrainBatchEnd = this.countStep
  }

  override getState(): ModelCheckpointState {
    const { best, epoch, steps } = this
    return { best, epoch, steps }
  }

  override setState({ best, epoch, steps }: ModelCheckpointState): void {
    this.best = best
    this.epoch = epoch
    this.steps = steps
  }

  override onTrainBegin(): void {
    this.steps = 0
  }

  override onEpochBegin(epoch: number): void {
    this.epoch = epoch
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.options.saveFreq === 'epoch') await this.save({ ...logs, epoch: epoch + 1 }, logs)
  }

  private async countStep(batch: number, logs: Logs): Promise<void> {
    if (++this.steps < (this.options.saveFreq as number)) return
    this.steps = 0
    await this.save({ ...logs, epoch: this.epoch + 1, batch: batch + 1 }, logs)
  }

  private async save(values: Logs, logs: Logs): Promise<void> {
    const { saveWeightsOnly, verbose } = this.options
    const say = (text: string) => verbose && console.log(`Epoch ${this.epoch + 1}: ${text}`)
    if (this.monitor) {
      const value = this.monitor.value(logs)
      if (value === undefined) return
      if (!this.monitor.improves(value, this.best)) {
        say(`${this.monitor.name} did not improve from ${this.best}`)
        return
      }
      this.best = value
    }
    const path = this.path.fill(values)
    await mkdir(dirname(path), { recursive: true })
    await (saveWeightsOnly ? this.model.saveWeights(path) : this.model.save(path))
    say(`saved the ${saveWeightsOnly ? 'weights' : 'model'} to ${path}`)
  }
}

/** A path with values in braces, in the notation of Python's formats as far as numbers need it. */
class PathTemplate {
  private readonly path: string

  constructor(path: string) {
    const fields = path.matchAll(/\{([^{}]*)\}/g)
    for (const [field, inside] of fields) {
      if (!/^\w+(:(0?\d+d?|(0?\d+)?\.\d+[fe]))?$/.test(inside as string)) {
        throw configError(
          `modelCheckpoint: option 'path': expected a name in braces, as {epoch}, {epoch:02d} or {valLoss:.4f}; ` +
            `received ${field}`,
        )
      }
    }
    this.path = path
  }

  fill(values: Logs): string {
    return this.path.replace(/\{(\w+)(?::([^{}]*))?\}/g, (field, name: string, format = '') => {
      const value = values[camelCase(name)]
      if (value === undefined) {
        const names = Object.keys(values).join(', ')
        throw configError(`modelCheckpoint: option 'path' has ${field}, but there is only: ${names}`)
      }
      return formatted(value, format)
    })
  }
}

function formatted(value: number, format: string): string {
  const [, zero, width, digits, kind] = /^(0?)(\d*)(?:\.(\d+))?([dfe]?)$/.exec(format) ?? []
  let text = String(value)
  if (kind === 'e') text = value.toExponential(Number(digits)).replace(/e([+-])(\d)$/, 'e$10$2')
  else if (digits !== undefined) text = value.toFixed(Number(digits))
  return text.padStart(Number(width ?? 0), zero ? '0' : ' ')
}

/** Saves a model while it trains: each epoch, every so many steps, or when it is better than before. */
export const modelCheckpoint = (options: ModelCheckpointOptions) => new ModelCheckpoint(options)
