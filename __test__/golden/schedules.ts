import { schedules } from 'glorot'
import { close, golden } from './compare.js'
import type { Case } from './fixtures.js'

/** Learning rates at some steps. */
export function runSchedule(given: Case): void {
  const schedule = schedules.deserialize({ class_name: given.kind, config: given.config })
  const rates = Array.from(golden(given, 'steps').values, step => schedule.at(step))
  close(given, 'values', rates, golden(given, 'values'))
}
