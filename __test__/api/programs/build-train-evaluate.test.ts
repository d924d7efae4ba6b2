import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  callbacks,
  constraints,
  datasets,
  initializers,
  input,
  layers,
  models,
  optimizers,
  random,
  regularizers,
  sequential,
} from 'glorot'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'glorot-program-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('build, train, evaluate', async () => {
  random.setSeed(58)
  const { train, test } = await datasets.glyphs({ train: 1500, test: 300 })

  const net = sequential([
    input({ shape: [28, 28] }),
    layers.flatten(),
    layers.rescaling({ scale: 1 / 255 }),
    layers.batchNormalization(),
    layers.dense({ units: 300, kernelInitializer: 'heNormal', useBias: false }),
    layers.batchNormalization(),
    layers.activation('elu'),
    layers.dropout({ rate: 0.2 }),
    layers.dense({
      units: 100,
      activation: 'elu',
      kernelInitializer: initializers.varianceScaling({ scale: 2, mode: 'fanAvg', distribution: 'uniform' }),
      kernelRegularizer: regularizers.l2(0.01),
      kernelConstraint: constraints.maxNorm(1),
    }),
    layers.dense({ units: 10, activation: 'softmax' }),
  ])
  const text = net.summary({ print: () => {} })
  expect(text).toContain('Total params: 270,646')
  net.compile({
    optimizer: optimizers.nadam({ learningRate: 1e-3, clipNorm: 1 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    device: 'auto',
  })
  const best = join(folder, 'best.keras')
  const history = await net.fit(train.x, train.y, {
    epochs: 6,
    batchSize: 32,
    validationSplit: 0.1,
    callbacks: [
      callbacks.earlyStopping({ patience: 20, restoreBestWeights: true }),
      callbacks.tensorBoard({ logDir: join(folder, 'logs/run1'), gradientNorms: true }),
      callbacks.modelCheckpoint({ path: best, saveBestOnly: true }),
    ],
    signal: AbortSignal.timeout(600_000),
    verbose: 0,
  })
  const accuracies: number[] | undefined = history.history.valAccuracy
  expect(accuracies).toHaveLength(6)
  const scores = await net.evaluate(test.x, test.y, { verbose: 0 })
  expect(Object.keys(scores)).toEqual(['loss', 'accuracy'])
  expect(scores.accuracy).toBeGreaterThan(0.6)
  const p = await net.predict(test.x)
  expect(p.shape).toEqual([300, 10])
  expect(p.data()).toBeInstanceOf(Float32Array)
  // The weights of the best epoch are back, and the same as those in the file.
  const loaded = await models.load(best)
  expect((await loaded.predict(test.x)).data()).toEqual(p.data())
})
