import { metrics } from 'glorot'
import { close, golden, input, roles, row } from './compare.js'
import type { Case } from './fixtures.js'

/** The value after each of several batches, and again after a reset. */
export function runMetric(given: Case): void {
  const metric = metrics.deserialize({ class_name: given.kind, config: given.config })
  const batches = roles(given, 'y_true.')
  for (const round of ['', 'after reset, ']) {
    for (const [i, batch] of batches.entries()) {
      const role = `sample_weight.${batch}`
      const weights = given.tensors[role] ? input(given, role) : undefined
      metric.update(input(given, `y_true.${batch}`), input(given, `y_pred.${batch}`), weights)
      close(given, `${round}results[${i}]`, metric.result(), row(golden(given, 'results'), i))
    }
    metric.reset()
  }
}
