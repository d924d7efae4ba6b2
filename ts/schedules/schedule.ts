import { ConfigObject, type Serialized } from '../config-object.js'
import { native } from '../native.js'

/** A learning rate as a function of the number of updates so far. */
export class Schedule extends ConfigObject {
  /** @internal */
  constructor(serialized: Serialized) {
    super('schedule', serialized)
  }

  /** The learning rate of the update number `step`, counted from 0. */
  at(step: number): number {
    return native.scheduleValue(this.json, step)
  }
}
