import { camelCase } from '../models/names.js'
import { configError } from '../serialize.js'

/** Which way a value gets better. */
export type MonitorMode = 'auto' | 'min' | 'max'

/** A value of the logs that a callback watches. */
export interface MonitorOptions {
  /** Name in the logs, in camelCase or snake_case. Default: `'valLoss'`. */
  monitor?: string
  /** `'auto'`: accuracies and their kin get better upwards, losses and errors downwards. Default: `'auto'`. */
  mode?: MonitorMode
}

const better = /(acc|accuracy|auc|precision|recall|score|iou)$/i

/** @internal Reads a value of the logs and tells whether it got better. */
export class Monitor {
  readonly name: string
  private readonly upwards: boolean
  private warned = false

  constructor(owner: string, options: MonitorOptions) {
    const { monitor = 'valLoss', mode = 'auto' } = options
    if (!['auto', 'min', 'max'].includes(mode)) {
      throw configError(`${owner}: option 'mode' must be 'auto', 'min' or 'max'; received '${mode}'`)
    }
    this.name = camelCase(monitor)
    this.upwards = mode === 'auto' ? better.test(this.name) : mode === 'max'
  }

  /** The value, or `undefined` (with a warning, once) if the logs have none. */
  value(logs: Readonly<Record<string, number>>): number | undefined {
    const value = logs[this.name]
    if (value === undefined && !this.warned) {
      this.warned = true
      const known = Object.keys(logs).join(', ')
      process.emitWarning(`a callback watches '${this.name}', which the logs do not have; they have: ${known}`)
    }
    return value
  }

  /** Whether a value is better than another by more than `minDelta`. */
  improves(value: number, reference: number | undefined, minDelta: number): boolean {
    if (reference === undefined) return true
    return this.upwards ? value - Math.abs(minDelta) > reference : value + Math.abs(minDelta) < reference
  }
}
