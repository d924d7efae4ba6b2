import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callbacks, type History, input, layers, optimizers, sequential, tensor } from 'glorot'
import { afterAll, expect, test } from 'vitest'
import { circle, failure, network } from '../api/data.js'
import { hasTensorBoard, readLogs, readScalars, type Scalars } from './tensor-board-events.js'

const root = mkdtempSync(join(tmpdir(), 'glorot-tensorboard-'))
afterAll(() => rmSync(root, { recursive: true }))
const { x, y } = circle(96)
const f32 = (values: number[] | undefined) => values?.map((value, epoch) => [epoch, Math.fround(value)])

async function trained(name: string, options: callbacks.TensorBoardOptions) {
  const logDir = join(root, name)
  const board = callbacks.tensorBoard({ logDir, ...options })
  const net = network()
  const fit = { epochs: 3, batchSize: 32, validationData: [x, y] as const, callbacks: [board], verbose: 0 as const }
  return { logDir, net, history: await net.fit(x, y, fit) }
}

function expectScalars(scalars: { train: Scalars; validation: Scalars }, { history }: History) {
  const { train, validation } = scalars
  expect(train.epoch_loss).toEqual(f32(history.loss))
  expect(train.epoch_accuracy).toEqual(f32(history.accuracy))
  expect(train.epoch_learning_rate).toEqual(f32([0.001, 0.001, 0.001]))
  expect(validation.epoch_loss).toEqual(f32(history.valLoss))
  expect(validation.epoch_accuracy).toEqual(f32(history.valAccuracy))
  const iterations = (values: number[] | undefined) => values?.map((value, i) => [3 * (i + 1), Math.fround(value)])
  expect(validation.evaluation_loss_vs_iterations).toEqual(iterations(history.valLoss))
  expect(train.batch_loss?.map(([step]) => step)).toEqual([2, 4, 6, 8])
  // A step at the end of an epoch has the values of the epoch.
  expect(train.batch_loss?.[2]?.[1]).toBe(Math.fround(history.loss?.[1] as number))
}

test('scalars are where Keras puts them', async () => {
  const { logDir, history } = await trained('scalars', { updateFreq: 2 })
  const [train, validation] = ['train', 'validation'].map(run => readScalars(join(logDir, run))) as [Scalars, Scalars]
  expectScalars({ train, validation }, history)
  expect(Object.keys(train).filter(tag => tag.includes('gradient'))).toEqual([])
})

test.skipIf(!hasTensorBoard())('TensorBoard reads everything back', { timeout: 120_000 }, async () => {
  const hparams = { units: 16, activation: 'elu', batchNormalization: true }
  const options = { updateFreq: 2, histogramFreq: 2, gradientNorms: true, hparams }
  const { logDir, history, net } = await trained('python', options)
  const { runs, session_groups: groups } = readLogs(logDir)
  const scalars = (run: string): Scalars =>
    Object.fromEntries(
      Object.entries(runs[run]?.scalars ?? {}).map(([tag, points]) => [tag, points.map(([s, , v]) => [s, v])]),
    )
  expectScalars({ train: scalars('train'), validation: scalars('validation') }, history)

  const histograms = runs.train?.histograms ?? {}
  for (const [i, path] of net.weightPaths.entries()) {
    const points = histograms[`${path}/histogram`] ?? []
    expect(points.map(([epoch]) => epoch)).toEqual([0, 2])
    // All elements of the weight, between its least and greatest at the end.
    const buckets = points[1]?.[2] ?? []
    const values = [...(net.getWeights()[i]?.data() ?? [])]
    expect(buckets.reduce((sum, [, , count]) => sum + count, 0)).toBe(values.length)
    if (Math.min(...values) < Math.max(...values)) {
      expect(buckets[0]?.[0]).toBeCloseTo(Math.min(...values), 5)
      expect(buckets.at(-1)?.[1]).toBeCloseTo(Math.max(...values), 5)
    }
  }
  const trainable = net.weightPaths.filter(path => !path.includes('moving'))
  for (const path of trainable) {
    expect(histograms[`${path}/gradient/histogram`]).toHaveLength(2)
    expect(scalars('train')[`${path}/gradient_norm`]?.map(([epoch]) => epoch)).toEqual([0, 1, 2])
  }
  expect(runs.train?.keras_models.keras?.map(node => node.class)).toEqual(
    expect.arrayContaining(['Dense', 'BatchNormalization', 'Dropout']),
  )
  expect(groups[0]?.hparams).toEqual(hparams)
})

test('gradient norms are those of the loss with its penalties, before clipping', async () => {
  const logDir = join(root, 'norms')
  const net = sequential([input({ shape: [2] }), layers.dense({ units: 1, name: 'd', kernelRegularizer: 'l2' })])
  net.setWeights([tensor([[1], [2]]), tensor([0.5])])
  net.compile({ optimizer: optimizers.sgd({ learningRate: 0, clipNorm: 0.01 }), loss: 'mse' })
  const board = callbacks.tensorBoard({ logDir, gradientNorms: true })
  // Two steps of one sample each: errors 3.5 and -0.5 (at [1, 1] and [-1, 0], targets 0).
  const data = tensor([
    [1, 1],
    [-1, 0],
  ])
  const options = { batchSize: 1, epochs: 2, callbacks: [board], verbose: 0 } as const
  await net.fit(data, tensor([[0], [0]]), options)
  const scalars = readScalars(join(logDir, 'train'))
  const kernel = [
    [7 + 0.02, 7 + 0.04],
    [1 + 0.02, 0.04],
  ]
  const bias = [7, -1]
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value ** 2, 0) / 2
  const norms = {
    [`${net.name}/d/kernel/gradient_norm`]: Math.sqrt(mean(kernel.flat())),
    [`${net.name}/d/bias/gradient_norm`]: Math.sqrt(mean(bias)),
    [`${net.name}/d/gradient_norm`]: Math.sqrt(mean([...kernel.flat(), ...bias])),
  }
  for (const [tag, norm] of Object.entries(norms)) {
    const points = scalars[tag] ?? []
    expect(points.map(([epoch]) => epoch)).toEqual([0, 1])
    for (const [, value] of points) expect(value).toBeCloseTo(norm, 4)
  }
})

test('an evaluation of its own', async () => {
  const logDir = join(root, 'evaluation')
  const net = network()
  const { loss } = await net.evaluate(x, y, { callbacks: [callbacks.tensorBoard({ logDir })], verbose: 0 })
  const scalars = readScalars(join(logDir, 'validation'))
  expect(scalars.evaluation_loss_vs_iterations).toEqual([[0, Math.fround(loss as number)]])
  expect(existsSync(join(logDir, 'train'))).toBe(false)
})

test.each<[callbacks.TensorBoardOptions, RegExp]>([
  [{ histogramFreq: -1 }, /^tensorBoard: option 'histogramFreq' must be a whole number of at least 0; received -1/],
  [{ updateFreq: 'step' as never }, /'updateFreq' must be 'epoch' or 'batch' or a whole number/],
  [{ logDir: 3 as never }, /'logDir' must be a string/],
  [{ hparams: { a: [] } as never }, /'hparams' must be an object of booleans, numbers and strings/],
  [{ logdir: 'x' } as never, /unknown option 'logdir'; known options: logDir/],
])('a wrong option is named: %o', async (options, message) => {
  expect((await failure(() => callbacks.tensorBoard(options))).message).toMatch(message)
})
