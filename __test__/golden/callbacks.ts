import { callbacks, type Model, optimizers, type Tensor, tensor } from 'glorot'
import { close, golden } from './compare.js'
import type { Case } from './fixtures.js'

const factories: Record<string, (options: never) => callbacks.Callback> = {
  EarlyStopping: callbacks.earlyStopping,
  ReduceLROnPlateau: callbacks.reduceLROnPlateau,
}

/** A callback is told a series of values: when it stops, which weights it keeps, which learning rate it sets. */
export async function runCallback(given: Case): Promise<void> {
  const factory = factories[given.kind]
  if (!factory) throw new Error(`callback: unknown '${given.kind}'`)
  const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  const options = Object.fromEntries(Object.entries(given.config).map(([name, value]) => [camel(name), value]))
  const callback = factory(options as never)

  // Enough of a model: its weight is the number of the epoch.
  const model = {
    stopTraining: false,
    optimizer: optimizers.sgd({ learningRate: 0.1 }),
    weight: -1,
    getWeights: () => [tensor(model.weight)],
    setWeights: ([weight]: Tensor[]) => {
      model.weight = (weight as Tensor).item()
    },
  }
  callback.model = model as unknown as Model
  await callback.onTrainBegin({})
  const rates: number[] = []
  let epoch = -1
  for (const value of golden(given, 'monitored').values) {
    model.weight = ++epoch
    await callback.onEpochEnd(epoch, { [camel(given.config.monitor as string)]: value })
    rates.push(model.optimizer.learningRate)
    if (model.stopTraining) break
  }
  await callback.onTrainEnd({})

  const got = { stopped: model.stopTraining, last_epoch: epoch, weights_of_epoch: model.weight }
  for (const [name, value] of Object.entries(got)) {
    if (value !== given[name]) throw new Error(`${name}: expected ${given[name]}, received ${value}`)
  }
  close(given, 'learning_rate', rates, golden(given, 'learning_rate'))
}
