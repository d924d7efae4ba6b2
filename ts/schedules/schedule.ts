import { ConfigObject, type Serialized } from '../config-object.js'
import { configError, shown } from '../errors.js'
import { native } from '../native.js'
import type { SymbolicTensor } from '../symbolic.js'

/**
 * A schedule written in JavaScript: it is called while a step is traced, with the number of updates so far (float32
 * scalar), and what it computes with {@link ops} runs at native speed. Its result is the learning rate, a scalar.
 */
export type ScheduleFunction = (step: SymbolicTensor) => SymbolicTensor

/** A learning rate (or a momentum) as a function of the number of updates so far. */
export class Schedule extends ConfigObject {
  /** @internal */
  constructor(serialized: Serialized) {
    super('schedule', serialized)
  }

  /**
   * The value at the update number `step`, counted from 0.
   *
   * @throws `GLOROT_CONFIG`, if that is no whole number below 2³².
   */
  at(step: number): number {
    if (!Number.isInteger(step) || step < 0 || step >= 2 ** 32) {
      throw configError(`${this.className}: the step must be a whole number from 0; received ${shown(step)}`)
    }
    return native.scheduleValue(this.json, step)
  }
}
