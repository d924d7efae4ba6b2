// "Reusing Pretrained Layers" of the notes: its cells with generated glyphs, smaller networks and fewer epochs.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  datasets,
  input,
  layers,
  models,
  optimizers,
  random,
  type Samples,
  type Sequential,
  sequential,
  type Tensor,
  tensor,
} from 'glorot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { select } from '../../examples/data.js'
import { bytes } from '../api/data.js'

const folder = mkdtempSync(join(tmpdir(), 'glorot-transfer-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Two of the ten classes. */
const [FIRST, SECOND] = [5, 6]

function splitDataset(samples: Samples): { a: Samples; b: Samples } {
  const labels = [...samples.y.data()]
  const isB = (label: number) => label === FIRST || label === SECOND
  const rows = (wanted: boolean) => labels.flatMap((label, row) => (isB(label) === wanted ? [row] : []))
  const [a, b] = [select(samples, rows(false)), select(samples, rows(true))]
  return {
    a: { x: a.x, y: tensor(Uint8Array.from(a.y.data(), label => (label > SECOND ? label - 2 : label))) },
    b: { x: b.x, y: tensor(Float32Array.from(b.y.data(), label => Number(label === SECOND))) },
  }
}

type Tasks = ReturnType<typeof splitDataset>
let train: Tasks
let valid: Tasks
let modelA: Sequential

const build = (units: number, activation: 'softmax' | 'sigmoid') =>
  sequential([
    layers.flatten({ inputShape: [28, 28] }),
    layers.rescaling({ scale: 1 / 255 }),
    ...[60, 30, 20].map(hidden => layers.dense({ units: hidden, activation: 'selu' })),
    layers.dense({ units, activation }),
  ])

const accuracy = async (net: Sequential, { x, y }: Samples) =>
  (await net.evaluate(x, y, { verbose: 0 })).accuracy as number

const yesOrNo = { loss: 'binaryCrossentropy', metrics: ['accuracy'] } as const
const file = join(folder, 'model_A.h5')

beforeAll(async () => {
  random.setSeed(42)
  const data = await datasets.glyphs({ train: 3000, test: 1000 })
  ;[train, valid] = [splitDataset(data.train), splitDataset(data.test)]
  train.b = select(
    train.b,
    Array.from({ length: 200 }, (_, i) => i),
  )
  modelA = build(8, 'softmax')
  const optimizer = optimizers.sgd({ learningRate: 0.02 })
  modelA.compile({ loss: 'sparseCategoricalCrossentropy', optimizer, metrics: ['accuracy'] })
  await modelA.fit(train.a.x, train.a.y, { epochs: 6, validationData: [valid.a.x, valid.a.y], verbose: 0 })
  await modelA.save(file)
})

test('the data are split into eight classes and two', () => {
  expect(new Set(train.a.y.data())).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]))
  expect(new Set(train.b.y.data())).toEqual(new Set([0, 1]))
  expect(train.b.x.shape).toEqual([200, 28, 28])
})

test('model A is loaded as it was, with its optimizer', async () => {
  const loaded = (await models.load(file)) as Sequential
  expect(await accuracy(modelA, valid.a)).toBeGreaterThan(0.6)
  expect(await accuracy(loaded, valid.a)).toBe(await accuracy(modelA, valid.a))
  expect(loaded.optimizer.iterations).toBe(modelA.optimizer.iterations)
})

test('a model on the layers of another one shares them, unless that one is cloned', async () => {
  const loaded = (await models.load(file)) as Sequential
  const onA = sequential(loaded.layers.slice(0, -1))
  onA.add(layers.dense({ units: 1, activation: 'sigmoid' }))
  const before = bytes(loaded.getWeights())
  const clone = models.clone(loaded)
  clone.setWeights(loaded.getWeights())
  onA.compile({ optimizer: 'sgd', ...yesOrNo })
  await onA.fit(train.b.x, train.b.y, { epochs: 1, verbose: 0 })
  expect(bytes(loaded.getWeights())).not.toBe(before)
  expect(bytes(clone.getWeights())).toBe(before)
})

describe('frozen layers', () => {
  const onClone = async () => {
    const loaded = await models.load(file)
    const reused = models.clone(loaded, { weights: true }).layers.slice(0, -1)
    return { reused, net: sequential([...reused, layers.dense({ units: 1, activation: 'sigmoid' })]) }
  }
  const weights = (list: layers.Layer[]) => bytes(list.flatMap(layer => layer.getWeights()) as Tensor[])
  const fit = (net: Sequential, epochs: number) =>
    net.fit(train.b.x, train.b.y, { epochs, validationData: [valid.b.x, valid.b.y], verbose: 0 })

  test('stay as they are, and learn after they are trainable and the model is compiled again', async () => {
    const { net, reused } = await onClone()
    for (const layer of reused) layer.trainable = false
    expect(net.trainableWeights).toHaveLength(2)
    net.compile({ optimizer: 'sgd', ...yesOrNo })
    const before = weights(reused)
    const head = weights(net.layers.slice(-1))
    await fit(net, 4)
    expect(weights(reused)).toBe(before)
    expect(weights(net.layers.slice(-1))).not.toBe(head)

    // Only compile() looks at what is trainable, as in Keras.
    for (const layer of reused) layer.trainable = true
    await fit(net, 1)
    expect(weights(reused)).toBe(before)
    net.compile({ optimizer: optimizers.sgd({ learningRate: 0.01 }), ...yesOrNo })
    await fit(net, 40)
    expect(weights(reused)).not.toBe(before)
    expect(await accuracy(net, valid.b)).toBeGreaterThan(0.75)
  })

  test('are frozen in a file too', async () => {
    const { net, reused } = await onClone()
    for (const layer of reused) layer.trainable = false
    net.compile({ optimizer: 'nadam', ...yesOrNo })
    await fit(net, 1)
    await net.save(join(folder, 'frozen.keras'))
    const loaded = (await models.load(join(folder, 'frozen.keras'))) as Sequential
    expect(loaded.layers.map(layer => layer.trainable)).toEqual([false, false, false, false, false, true])
    const before = weights(loaded.layers.slice(0, -1))
    const { history } = await fit(loaded, 2)
    expect(weights(loaded.layers.slice(0, -1))).toBe(before)
    expect(history).toEqual((await fit(net, 2)).history)
  })

  test('a whole model can be frozen, and then runs in inference mode inside of another one', async () => {
    const inner = sequential([input({ shape: [4] }), layers.dense({ units: 3 }), layers.batchNormalization()])
    inner.trainable = false
    expect(inner.layers.every(layer => !layer.trainable)).toBe(true)
    const net = sequential([inner, layers.dense({ units: 1 })])
    net.compile({ optimizer: 'sgd', loss: 'mse' })
    const before = bytes(inner.getWeights())
    const x = tensor(
      Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)),
      [16, 4],
    )
    await net.fit(x, tensor(new Float32Array(16), [16, 1]), { epochs: 2, verbose: 0 })
    expect(bytes(inner.getWeights())).toBe(before)
  })
})

test('unsupervised pretraining: the encoder of an autoencoder', async () => {
  const pixels = tensor(
    Float32Array.from(train.a.x.data(), value => value / 255),
    train.a.x.shape,
  )
  const autoencoder = sequential([
    input({ shape: [28, 28] }),
    layers.rescaling({ scale: 1 / 255 }),
    layers.flatten(),
    layers.dense({ units: 30, activation: 'selu' }),
    layers.dense({ units: 28 * 28, activation: 'sigmoid' }),
    layers.reshape({ targetShape: [28, 28] }),
  ])
  autoencoder.compile({ optimizer: 'nadam', loss: 'mse' })
  const { history } = await autoencoder.fit(train.a.x, pixels, { epochs: 3, verbose: 0 })
  expect(history.loss?.at(-1)).toBeLessThan((history.loss?.[0] as number) * 0.8)
  const encoder = models.clone(autoencoder, { weights: true }).layers.slice(0, 3)
  const net = sequential([...encoder, layers.dense({ units: 1, activation: 'sigmoid' })])
  const [before] = (encoder[2] as layers.Layer).getWeights() as [Tensor]
  expect(bytes([before])).toBe(bytes([autoencoder.layers[2]?.getWeights()[0] as Tensor]))
  net.compile({ optimizer: 'nadam', ...yesOrNo })
  await net.fit(train.b.x, train.b.y, { epochs: 5, verbose: 0 })
  expect(await accuracy(net, valid.b)).toBeGreaterThan(0.7)
})

test('pretraining on an auxiliary task: its labels are others, its lower layers the same', async () => {
  const auxiliary = build(4, 'softmax')
  auxiliary.compile({ optimizer: 'nadam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  const coarse = tensor(Uint8Array.from(train.a.y.data(), label => label >> 1))
  const { history } = await auxiliary.fit(train.a.x, coarse, { epochs: 4, verbose: 0 })
  expect(history.accuracy?.at(-1)).toBeGreaterThan(0.6)
  const net = sequential([
    ...models.clone(auxiliary, { weights: true }).layers.slice(0, -1),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ])
  net.compile({ optimizer: 'nadam', ...yesOrNo })
  await net.fit(train.b.x, train.b.y, { epochs: 5, verbose: 0 })
  expect(await accuracy(net, valid.b)).toBeGreaterThan(0.7)
})
