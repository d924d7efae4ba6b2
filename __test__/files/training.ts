// A training that is hard to go on with, for processes that end in the middle of it.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import {
  callbacks,
  type Data,
  type FitOptions,
  input,
  layers,
  type Model,
  optimizers,
  random,
  schedules,
  sequential,
  type Tensor,
  tensor,
} from '../../ts/index.js'

/** What trains. */
export type Kind = 'averages' | 'schedule' | 'plateau'

const rules: Record<Kind, () => optimizers.Optimizer> = {
  averages: () => optimizers.adam({ useEma: true, emaMomentum: 0.9, gradientAccumulationSteps: 3 }),
  schedule: () =>
    optimizers.sgd({
      learningRate: schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 40 }),
      momentum: 0.9,
      nesterov: true,
    }),
  plateau: () => optimizers.nadam({ learningRate: 0.02 }),
}

/** A network with everything that has a state of its own. */
export function network(kind: Kind): Model {
  random.setSeed(58)
  const net = sequential([
    input({ shape: [6] }),
    layers.gaussianNoise({ stddev: 0.1 }),
    layers.dense({ units: 16, activation: 'elu' }),
    layers.batchNormalization(),
    layers.dropout({ rate: 0.3 }),
    layers.dense({ units: 8, activation: 'selu', kernelRegularizer: 'l2' }),
    layers.alphaDropout({ rate: 0.1 }),
    layers.dense({ units: 3, activation: 'softmax' }),
  ])
  net.compile({
    optimizer: rules[kind](),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    weightedMetrics: ['sparseCategoricalCrossentropy'],
  })
  return net
}

/** The same data in each process. */
export function data(n = 100): { x: Tensor; y: Tensor } {
  let seed = 7
  const next = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const x = Float32Array.from({ length: 6 * n }, () => 2 * next() - 1)
  const y = Int32Array.from({ length: n }, (_, i) => Math.floor(((x[6 * i] as number) + 1) * 1.4999))
  return { x: tensor(x, [n, 6]), y: tensor(y) }
}

/** How the training goes: 10 steps an epoch, the last one smaller, and a validation. */
export const options: FitOptions = {
  epochs: 6,
  batchSize: 8,
  validationSplit: 0.25,
  classWeight: { 0: 1, 1: 2, 2: 0.5 },
  verbose: 0,
}

/** Callbacks with states. */
export const listeners = (folder: string): callbacks.Callback[] => [
  callbacks.reduceLROnPlateau({ patience: 0, factor: 0.7, minDelta: 0.05 }),
  callbacks.earlyStopping({ patience: 4, restoreBestWeights: true }),
  callbacks.csvLogger(join(folder, 'log.csv')),
]

/** The data in batches, as a source that can be read more than once. */
export function batches({ x, y }: { x: Tensor; y: Tensor }, size = 8): Iterable<[Data, Data]> {
  const count = Math.ceil((y.shape[0] as number) / size)
  return {
    *[Symbol.iterator]() {
      for (let i = 0; i < count; i++) {
        const n = Math.min(size, (y.shape[0] as number) - i * size)
        yield [x.slice([i * size], [n]), y.slice([i * size], [n])] as [Data, Data]
      }
    },
  }
}

/** Everything that a training leaves, in short. */
export function fingerprint(net: Model): string {
  const hash = createHash('sha256')
  const values = [...net.getWeights(), ...net.optimizer.variables.map(variable => variable.value())]
  for (const { values: array } of values) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  return hash.digest('hex')
}
