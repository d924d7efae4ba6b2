import { type Logs, type Model, models, optimizers, type Tensor } from 'glorot'
import { asTensor, close, golden, input, roles, row } from './compare.js'
import type { Case, Config } from './fixtures.js'

/** Steps of training, or a whole `fit`: losses and metrics on the way, weights at the end, predictions. */
export async function runTraining(given: Case): Promise<void> {
  const model = models.fromJSON({ class_name: given.kind, config: given.config })
  for (const name of (given.frozen as string[] | undefined) ?? []) model.getLayer(name).trainable = false
  model.compile({
    optimizer: optimizers.deserialize(given.optimizer as Config),
    loss: given.loss as never,
    metrics: given.metrics as never,
    lossWeights: (given.loss_weights as number[] | null) ?? undefined,
  })
  checkPaths(model, given.weight_paths as string[])
  model.setWeights(roles(given, 'initial.').map(j => input(given, `initial.${j}`)))
  if (given.fit) await fit(given, model)
  else await steps(given, model)
  const weights = model.getWeights()
  for (const [j, path] of (given.weight_paths as string[]).entries()) {
    close(given, `final.${j} (${path})`, weights[j] as Tensor, golden(given, `final.${j}`))
  }
  const predictions = roles(given, 'prediction.')
  if (predictions.length === 0) return
  const got = [await model.predict(roles(given, 'x.').map(i => asTensor(row(golden(given, `x.${i}`), 0))))].flat()
  for (const [i, role] of predictions.entries()) {
    close(given, `prediction.${role}`, got[i] as Tensor, golden(given, `prediction.${role}`))
  }
}

/** Names of models are counted, so only what follows them is compared. */
function checkPaths(model: Model, wanted: string[]): void {
  const got = model.weightPaths
  const tail = (path: string) => path.split('/').slice(-2).join('/')
  if (got.map(tail).join() === wanted.map(tail).join()) return
  throw new Error(`weights: expected ${wanted.join(', ')}, received ${got.join(', ')}`)
}

async function steps(given: Case, model: Model): Promise<void> {
  const batch = (prefix: string, step: number) =>
    roles(given, prefix).map(i => asTensor(row(golden(given, `${prefix}${i}`), step)))
  const weights = given.tensors.sample_weight
  const classWeight = (given.class_weight as Record<number, number> | null) ?? undefined
  const want = golden(given, 'loss')
  for (let step = 0; step < (want.shape[0] as number); step++) {
    const sampleWeight = weights && asTensor(row(weights, step))
    const logs = await model.trainOnBatch(batch('x.', step), batch('y.', step), { sampleWeight, classWeight })
    checkLogs(given, step, logs)
  }
}

function checkLogs(given: Case, step: number, logs: Logs): void {
  const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  const data = /^(x|y|initial|final|prediction|history)\.|^sample_weight$/
  for (const name of Object.keys(given.tensors).filter(role => !data.test(role))) {
    const value = logs[camel(name)]
    if (value === undefined)
      throw new Error(`there is no '${camel(name)}' among the logs ${Object.keys(logs).join(', ')}`)
    close(given, `${name} of step ${step + 1}`, value, row(golden(given, name), step))
  }
}

async function fit(given: Case, model: Model): Promise<void> {
  const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  const options = Object.fromEntries(Object.entries(given.fit as object).map(([name, value]) => [camel(name), value]))
  const { history } = await model.fit(input(given, 'x.0'), input(given, 'y.0'), { ...options, verbose: 0 })
  for (const name of roles(given, 'history.')) {
    close(given, `history.${name}`, history[camel(name)] ?? [], golden(given, `history.${name}`))
  }
}
