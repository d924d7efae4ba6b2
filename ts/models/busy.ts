import { failure } from '../errors.js'
import type { Model } from './model.js'

/** Models in a `fit`. */
const training = new WeakSet<Model>()

/** @internal Runs a training, unless the model is in one already. */
export async function exclusively<T>(model: Model, run: () => Promise<T>): Promise<T> {
  refuseWhileTraining(model, 'start another')
  training.add(model)
  try {
    return await run()
  } finally {
    training.delete(model)
  }
}

/**
 * Refuses what cannot be done to a model in a training.
 *
 * @internal
 * @param what Completes "before you …".
 * @throws `GLOROT_BUSY`
 */
export function refuseWhileTraining(model: Model, what: string): void {
  if (!training.has(model)) return
  const message = `model '${model.name}' is being trained: wait for the running fit() to end before you ${what}`
  throw failure('GLOROT_BUSY', message)
}
