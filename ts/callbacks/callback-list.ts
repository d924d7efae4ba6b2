import { configError, shown } from '../errors.js'
import { refuseFactory } from '../factories.js'
import type { Model } from '../models/model.js'
import { BackupAndRestore } from './backup-and-restore.js'
import { Callback, type CallbackParams, type Hook } from './callback.js'

/**
 * The callbacks of one run.
 *
 * @internal
 */
export class CallbackList {
  readonly callbacks: readonly Callback[]

  /** @throws `GLOROT_CONFIG`, if something is no callback. */
  constructor(method: string, callbacks: unknown) {
    const list = (Array.isArray(callbacks) ? callbacks : [callbacks]) as Callback[]
    for (const [i, callback] of list.entries()) {
      if (callback instanceof Callback) continue
      refuseFactory(method, 'callbacks', callback)
      throw configError(
        `${method}: option 'callbacks': expected callbacks, as callbacks.earlyStopping(), or objects of classes that ` +
          `extend callbacks.Callback; received ${shown(callback)} at ${i}`,
      )
    }
    // A backup holds what all others have made of an event.
    const isBackup = (callback: Callback) => callback instanceof BackupAndRestore
    this.callbacks = [...list.filter(callback => !isBackup(callback)), ...list.filter(isBackup)]
    if (list.filter(isBackup).length > 1) {
      throw configError(`${method}: option 'callbacks': expected one backupAndRestore, received several`)
    }
  }

  /** The callback that backs the training up. */
  get backup(): BackupAndRestore | undefined {
    const last = this.callbacks.at(-1)
    return last instanceof BackupAndRestore ? last : undefined
  }

  /** Whether one of the callbacks asks for something. */
  some(asks: (callback: Callback) => boolean): boolean {
    return this.callbacks.some(asks)
  }

  /** Tells the callbacks which run they are part of. */
  begin(model: Model, params: CallbackParams): void {
    for (const callback of this.callbacks) {
      callback.model = model
      callback.params = params
    }
  }

  /** Calls a method of each, one after the other. */
  async call<H extends Hook>(hook: H, ...args: Parameters<Callback[H]>): Promise<void> {
    for (const callback of this.callbacks) {
      const method = callback[hook] as (...args: Parameters<Callback[H]>) => void | Promise<void>
      await method.apply(callback, args)
    }
  }
}
