import { join } from 'node:path'
import { type Model, models, type Tensor } from 'glorot'
import { asTensor, close, golden, input, roles, row } from './compare.js'
import { type Case, folder } from './fixtures.js'

/** A model or its weights from a file: predictions, weights, and the next steps of training. */
export async function runFile(given: Case, from = folder, options?: models.LoadOptions): Promise<void> {
  const file = join(from, given.file as string)
  const model = /weights\.h5$/.test(file) ? await weightsOf(given, file) : await models.load(file, options)
  const inputs = roles(given, 'x.').map(i => input(given, `x.${i}`))
  const isResumed = 'losses' in given.tensors
  // In cases that resume, the weights are those after the further steps.
  if (!isResumed && 'weight.0' in given.tensors) checkWeights(given, model, 'weight.')
  const [prediction] = [await model.predict(inputs)].flat()
  close(given, 'prediction', prediction as Tensor, golden(given, 'prediction'))
  if (isResumed) await resume(given, model)
}

async function weightsOf(given: Case, file: string): Promise<Model> {
  const model = models.fromJSON({ class_name: given.kind, config: given.config })
  await model.loadWeights(file)
  return model
}

async function resume(given: Case, model: Model): Promise<void> {
  const [x, y] = [golden(given, 'train_x'), golden(given, 'train_y')]
  const want = golden(given, 'losses')
  for (let step = 0; step < (want.shape[0] as number); step++) {
    const { loss } = await model.trainOnBatch(asTensor(row(x, step)), asTensor(row(y, step)))
    close(given, `loss of step ${step + 1}`, loss as number, row(want, step))
  }
  checkWeights(given, model, 'final.')
}

function checkWeights(given: Case, model: Model, prefix: string): void {
  const weights = model.getWeights()
  const wanted = roles(given, prefix)
  if (weights.length !== wanted.length) {
    throw new Error(`expected ${wanted.length} weights, received ${weights.length}`)
  }
  for (const [i, weight] of weights.entries()) {
    close(
      given,
      `${prefix}${i} (${(given.weight_paths as string[])[i]})`,
      weight as Tensor,
      golden(given, `${prefix}${i}`),
    )
  }
}
