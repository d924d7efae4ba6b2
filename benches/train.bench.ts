// Whole training runs through the public API, on made-up data of the size of the real one. For the same networks in
// other libraries, in one alternating run, see compare.mjs.
import { input, layers, type Model, optimizers, sequential, tensor } from 'glorot'
import { bench, describe } from 'vitest'

const steps = 200
const batchSize = 32

/** Layers over flat inputs, with a softmax of 10 classes on top. */
function network(features: number, hidden: layers.Layer[]): Model {
  return sequential([input({ shape: [features] }), ...hidden, layers.dense({ units: 10, activation: 'softmax' })])
}

function plain20(): Model {
  const dense = () => layers.dense({ units: 100, activation: 'elu', kernelInitializer: 'heNormal' })
  const net = network(3072, Array.from({ length: 20 }, dense))
  net.compile({ ...objective, optimizer: optimizers.nadam({ learningRate: 5e-5 }) })
  return net
}

function batchNormalized20(): Model {
  const block = () => [
    layers.dense({ units: 100, kernelInitializer: 'heNormal' }),
    layers.batchNormalization(),
    layers.activation('elu'),
  ]
  const net = network(3072, Array.from({ length: 20 }, block).flat())
  net.compile({ ...objective, optimizer: optimizers.nadam({ learningRate: 5e-4 }) })
  return net
}

function fashion(): Model {
  const dense = (units: number) => layers.dense({ units, activation: 'selu', kernelInitializer: 'lecunNormal' })
  const net = network(784, [300, 100, 50, 50, 50].map(dense))
  net.compile({ ...objective, optimizer: optimizers.sgd({ learningRate: 1e-3 }) })
  return net
}

const objective = { loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] }

describe(`fit: an epoch of ${steps} steps, batch ${batchSize}`, () => {
  const runs: [string, number, () => Model][] = [
    ['20 x Dense 100 ELU, Nadam', 3072, plain20],
    ['20 x (Dense 100, batch normalization, ELU), Nadam', 3072, batchNormalized20],
    ['300-100-50-50-50 SELU, SGD', 784, fashion],
  ]
  for (const [name, features, make] of runs) {
    const samples = steps * batchSize
    const pixels = Float32Array.from({ length: samples * features }, (_, i) => ((i * 2654435761) % 1024) / 1024)
    const x = tensor(pixels, [samples, features])
    const y = tensor(
      Int32Array.from({ length: samples }, (_, i) => (i * 7) % 10),
      [samples],
    )
    const net = make()
    bench(name, async () => {
      await net.fit(x, y, { batchSize, verbose: 0 })
    })
  }
})
