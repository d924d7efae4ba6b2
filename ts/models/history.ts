import type { Panel } from '../plot/index.js'

/** Running values by name, as a callback receives them: `{ loss, accuracy, valLoss, valAccuracy }`. */
export type Logs = Readonly<Record<string, number>>

/** What a training reached: the logs of each epoch. */
export class History {
  /** Numbers of the epochs, from 0. */
  readonly epoch: number[] = []
  /** Values by name, one an epoch: `loss`, `accuracy`, `valLoss`, `valAccuracy`. */
  readonly history: Record<string, number[]> = {}
  /** Not every epoch has validation: the epochs of each value. */
  private readonly epochs: Record<string, number[]> = {}

  /** @internal */
  add(epoch: number, logs: Logs): void {
    this.epoch.push(epoch)
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= []
      this.epochs[name] ??= []
      this.history[name].push(value)
      this.epochs[name].push(epoch)
    }
  }

  /** @internal The logs of each epoch. */
  rows(): { epoch: number; logs: Logs }[] {
    const rows = this.epoch.map(epoch => ({ epoch, logs: {} as Record<string, number> }))
    const byEpoch = new Map(rows.map(row => [row.epoch, row.logs]))
    for (const [name, epochs] of Object.entries(this.epochs)) {
      for (const [i, epoch] of epochs.entries()) {
        const logs = byEpoch.get(epoch)
        if (logs) logs[name] = this.history[name]?.[i] as number
      }
    }
    return rows
  }

  /**
   * Draws the curves: a panel for each value, of training and validation.
   *
   * @param path Where the picture is written (SVG).
   * @returns The absolute path.
   */
  async plot(path: string): Promise<string> {
    const { plotCurves } = await import('../plot/index.js')
    return plotCurves(this.panels(), path)
  }

  private panels(): Panel[] {
    return Object.keys(this.history)
      .filter(name => !/^val[A-Z]/.test(name))
      .map(name => {
        const title = capitalized(name)
        const lines = [this.line('training', name), this.line('validation', `val${title}`)]
        return { title, yLabel: name, lines: lines.filter(line => line.y.length > 0) }
      })
  }

  private line(label: string, name: string) {
    const x = this.epochs[name]?.map(epoch => epoch + 1) ?? []
    return { name: label, x, y: this.history[name] ?? [] }
  }
}

const capitalized = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)
