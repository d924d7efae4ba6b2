import { configError } from '../errors.js'
import type { Logs } from '../models/history.js'
import { camelCase } from '../models/names.js'
import { oneOf, text } from './options.js'

/** Which way a value gets better. */
export type MonitorMode = 'auto' | 'min' | 'max'

/** A value of the logs that a callback watches. */
export interface MonitorOptions {
  /** Name in the logs, in camelCase or snake_case. Default: `'valLoss'`. */
  monitor?: string
  /**
   * `'auto'`: accuracies and their kin get better upwards, losses and errors downwards; for other names say which.
   * Default: `'auto'`.
   */
  mode?: MonitorMode
}

/** @internal */
export const monitorOptions = {
  monitor: text('valLoss'),
  mode: oneOf<MonitorMode>('auto', 'min', 'max'),
}

const upwards =
  /(acc|accuracy|auc|precision|recall|sensitivity|specificity|score|iou|similarity|r2|f1|(true(Positives|Negatives)))\d*$/i
const downwards =
  /(loss|error|mse|mae|mape|msle|rmse|crossentropy|hinge|poisson|divergence|logCosh|huber|(false(Positives|Negatives)))\d*$/i

/** @internal Reads a value of the logs and tells whether it got better. */
export class Monitor {
  readonly name: string
  private readonly upwards: boolean
  private readonly owner: string
  private warned = false

  constructor(owner: string, { monitor, mode }: { monitor: string; mode: MonitorMode }) {
    this.owner = owner
    this.name = camelCase(monitor)
    this.upwards = mode === 'auto' ? upwards.test(this.name) : mode === 'max'
    if (mode === 'auto' && !this.upwards && !downwards.test(this.name)) {
      throw configError(
        `${owner}: option 'mode' must be 'min' or 'max' for monitor '${monitor}': its name does not tell which way it ` +
          "gets better; received 'auto'",
      )
    }
  }

  /** The value, or `undefined` (with a warning, once) if the logs have none. */
  value(logs: Logs): number | undefined {
    const value = logs[this.name]
    if (value === undefined && !this.warned) {
      this.warned = true
      const known = Object.keys(logs).join(', ')
      process.emitWarning(`${this.owner} watches '${this.name}', which the logs do not have; they have: ${known}`)
    }
    return value
  }

  /** Whether a value is better than another by more than `minDelta`; NaN never is. */
  improves(value: number, reference: number | null | undefined, minDelta = 0): boolean {
    if (Number.isNaN(value)) return false
    if (reference == null) return true
    return this.upwards ? value - Math.abs(minDelta) > reference : value + Math.abs(minDelta) < reference
  }
}
