// "Exercise 8": its networks on a few generated images in the shape of CIFAR-10's. `examples/exercise-8.ts` trains them.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callbacks, input, layers, type ModelTensor, model, ops, optimizers, random, type Tensor, tensor } from 'glorot'
import { afterAll, expect, test } from 'vitest'
import { readScalars } from '../callbacks/tensor-board-events.js'

const root = mkdtempSync(join(tmpdir(), 'glorot-exercise-'))
afterAll(() => rmSync(root, { recursive: true }))

/** Each class has a hue and a stripe of its own. */
function images(n: number): { x: Tensor; y: Tensor } {
  const y = Uint8Array.from({ length: n }, (_, i) => (i * 7) % 10)
  const x = new Uint8Array(n * 3072)
  for (let i = 0; i < x.length; i++) {
    const [image, row, channel] = [Math.floor(i / 3072), Math.floor((i % 3072) / 96), i % 3]
    const label = y[image] as number
    const stripe = Math.floor(row / 3.2) === label ? 120 : 0
    x[i] = 60 + stripe + ((label * (channel + 1) * 17) % 60) + (((i * 2654435761) >>> 0) % 15)
  }
  return { x: tensor(x, [n, 32, 32, 3]), y: tensor(y) }
}

const full = images(400)
const valSize = Math.floor(400 * 0.1)
const train = { x: full.x.slice(0, 400 - valSize), y: full.y.slice(0, 400 - valSize) }
const val = { x: full.x.slice(400 - valSize), y: full.y.slice(400 - valSize) }
const held = images(100)

test('the data', () => {
  expect(full.x.shape).toEqual([400, 32, 32, 3])
  expect(new Set(held.y.data())).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
  expect(val.x.shape).toEqual([40, 32, 32, 3])
})

const [units, nLayers] = [100, 20]
interface Hidden {
  kernelInitializer?: layers.DenseOptions['kernelInitializer']
  activation?: layers.DenseOptions['activation']
}

function buildHiddenLayers(inputs: ModelTensor, { kernelInitializer = 'heNormal', activation = 'elu' }: Hidden = {}) {
  let h = inputs
  for (let i = 0; i < nLayers; i++) h = layers.dense({ units, kernelInitializer, activation }).apply(h)
  return h
}

// The training has at most 168 steps: with the default momentum of 0.99 the moving averages would not have arrived yet.
const momentum = 0.9

function buildHiddenLayersBn(inputs: ModelTensor) {
  let h = layers.batchNormalization({ momentum }).apply(inputs)
  for (let i = 0; i < nLayers; i++) {
    h = layers.dense({ units, kernelInitializer: 'heNormal' }).apply(h)
    h = layers.batchNormalization({ momentum }).apply(h)
    h = layers.activation('elu').apply(h)
  }
  return h
}

async function build(
  hidden: (inputs: ModelTensor) => ModelTensor,
  first: layers.Layer = layers.rescaling({ scale: 1 / 255 }),
) {
  random.setSeed(58)
  const inputs = input({ shape: train.x.shape.slice(1) })
  const flat = layers.flatten().apply(first.apply(inputs))
  const outputs = layers.dense({ units: 10, activation: 'softmax', name: 'output' }).apply(hidden(flat))
  return model({ inputs, outputs })
}

type Net = Awaited<ReturnType<typeof build>>

async function fit(net: Net, optimizer: optimizers.Optimizer, run: string, epochs = 8) {
  net.compile({ loss: 'sparseCategoricalCrossentropy', optimizer, metrics: ['accuracy'] })
  const logDir = join(root, run)
  const history = await net.fit(train.x, train.y, {
    epochs,
    batchSize: 32,
    validationData: [val.x, val.y],
    callbacks: [callbacks.tensorBoard({ logDir }), callbacks.earlyStopping({ patience: 5 })],
    verbose: 0,
  })
  expect(readScalars(join(logDir, 'train')).epoch_loss).toHaveLength(history.epoch.length)
  return (await net.evaluate(held.x, held.y, { verbose: 0 })).accuracy as number
}

test('a, b: 20 hidden layers of 100 ELU units', async () => {
  const net = await build(buildHiddenLayers)
  // As the summary of the notes has it.
  expect(net.layers.slice(3, 5).map(layer => layer.countParams())).toEqual([307_300, 10_100])
  expect(net.getLayer('output').countParams()).toBe(1010)
  expect(await fit(net, optimizers.nadam({ learningRate: 5e-4 }), 'elu')).toBeGreaterThan(0.8)
})

test('c: with batch normalization', async () => {
  const net = await build(buildHiddenLayersBn)
  expect(net.layers.slice(3, 6).map(layer => layer.countParams())).toEqual([12_288, 307_300, 400])
  expect(await fit(net, optimizers.nadam({ learningRate: 2e-3 }), 'bn', 14)).toBeGreaterThan(0.9)
})

test('d: self-normalizing, on standardized inputs', async () => {
  const standardized = layers.normalization({ axis: [1, 2, 3] })
  await standardized.adapt(train.x)
  const hidden = (x: ModelTensor) => buildHiddenLayers(x, { kernelInitializer: 'lecunNormal', activation: 'selu' })
  const net = await build(hidden, standardized)
  expect(await fit(net, optimizers.adam({ learningRate: 5e-4 }), 'selu')).toBeGreaterThan(0.8)
})

test('e, f: alpha dropout with Monte Carlo predictions, by 1cycle', async () => {
  const standardized = layers.normalization({ axis: [1, 2, 3] })
  await standardized.adapt(train.x)
  const net = await build(x => {
    const h = buildHiddenLayers(x, { kernelInitializer: 'lecunNormal', activation: 'selu' })
    return layers.alphaDropout({ rate: 0.1 }).apply(h)
  }, standardized)
  net.compile({ loss: 'sparseCategoricalCrossentropy', optimizer: optimizers.sgd(), metrics: ['accuracy'] })
  const cycle = callbacks.oneCycle({ maxLearningRate: 0.05 })
  await net.fit(train.x, train.y, { epochs: 8, batchSize: 32, callbacks: [cycle], verbose: 0 })
  const { mean } = (await net.predictSamples(held.x, { samples: 20 })).moments(0)
  const right = Array.from(ops.argMax(mean).data()).filter((label, i) => label === held.y.data()[i]).length
  expect(right / 100).toBeGreaterThan(0.8)
})
