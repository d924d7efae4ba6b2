// What metrics do beyond their values, which the golden results cover.
import { input, layers, metrics, ops, random, type SymbolicTensor, sequential, tensor } from 'glorot'
import { expect, test } from 'vitest'
import { failure } from '../api/data.js'

const y = [0, 1, 2, 2, 1, 0, 0, 1, 2, 0, 1]
const x = y.map(label => [0, 1, 2].map(axis => (axis === label ? 1 : 0.1)))

function classifier() {
  random.setSeed(3)
  return sequential([input({ shape: [3] }), layers.dense({ units: 3, activation: 'softmax' })])
}

/** Everything that has no required options. */
const factories = [
  metrics.accuracy,
  metrics.auc,
  metrics.binaryAccuracy,
  metrics.binaryCrossentropy,
  metrics.binaryIoU,
  metrics.categoricalAccuracy,
  metrics.categoricalCrossentropy,
  metrics.categoricalHinge,
  metrics.concordanceCorrelation,
  metrics.confusionMatrix,
  metrics.cosineSimilarity,
  metrics.f1Score,
  metrics.fBetaScore,
  metrics.falseNegatives,
  metrics.falsePositives,
  metrics.hinge,
  metrics.huber,
  metrics.klDivergence,
  metrics.logCoshError,
  metrics.mean,
  metrics.meanAbsoluteError,
  metrics.meanAbsolutePercentageError,
  metrics.meanSquaredError,
  metrics.meanSquaredLogarithmicError,
  metrics.pearsonCorrelation,
  metrics.poisson,
  metrics.precision,
  metrics.r2Score,
  metrics.recall,
  metrics.rootMeanSquaredError,
  metrics.sparseCategoricalAccuracy,
  metrics.sparseCategoricalCrossentropy,
  metrics.sparseTopKCategoricalAccuracy,
  metrics.squaredHinge,
  metrics.sum,
  metrics.topKCategoricalAccuracy,
  metrics.trueNegatives,
  metrics.truePositives,
]

test('each factory makes a metric that is read back from its configuration', () => {
  const made = [
    ...factories.map(factory => factory({ name: 'score' })),
    metrics.iou({ numClasses: 3, targetClassIds: [0], name: 'score' }),
    metrics.meanIoU({ numClasses: 3, name: 'score' }),
    metrics.oneHotIoU({ numClasses: 3, targetClassIds: [0], name: 'score' }),
    metrics.oneHotMeanIoU({ numClasses: 3, name: 'score' }),
    metrics.precisionAtRecall({ recall: 0.5, name: 'score' }),
    metrics.recallAtPrecision({ precision: 0.5, name: 'score' }),
    metrics.sensitivityAtSpecificity({ specificity: 0.5, name: 'score' }),
    metrics.specificityAtSensitivity({ sensitivity: 0.5, name: 'score' }),
  ]
  const classes = new Set(made.map(metric => metric.toJSON().class_name))
  expect(classes.size).toBe(made.length)
  for (const metric of made) {
    expect(metric.name).toBe('score')
    expect(metrics.deserialize(metric.toJSON()).toJSON()).toEqual(metric.toJSON())
  }
})

test('options reach the metric in camelCase', async () => {
  const config = metrics.auc({ curve: 'PR', numThresholds: 31, multiLabel: true, labelWeights: [1, 2] }).getConfig()
  expect(config).toMatchObject({ curve: 'PR', num_thresholds: 31, multi_label: true, label_weights: [1, 2] })
  expect(metrics.precision({ thresholds: [0.2, 0.4], topK: 2, classId: 1 }).getConfig()).toMatchObject({
    thresholds: [0.2, 0.4],
    top_k: 2,
    class_id: 1,
  })
  expect(metrics.r2Score({ classAggregation: null }).getConfig()).toMatchObject({ class_aggregation: null })
  expect(await failure(() => metrics.recall({ topK: 0 }))).toMatchObject({ code: 'GLOROT_CONFIG' })
})

test('means and sums take values', () => {
  const mean = metrics.mean()
  mean.update([1, 3])
  mean.update([5, 7], [1, 0])
  expect(mean.result().toArray()).toBe(3)
  const sum = metrics.sum()
  sum.update([
    [1, 2],
    [3, 4],
  ])
  expect(sum.result().toArray()).toBe(10)
})

test('a confusion matrix is read after an evaluation', async () => {
  const net = classifier()
  const matrix = metrics.confusionMatrix()
  expect(await failure(() => matrix.result())).toMatchObject({ code: 'GLOROT_CONFIG' })
  net.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy', metrics: [matrix] })
  const logs = await net.evaluate(tensor(x), tensor(y, [y.length], 'int32'), { batchSize: 4, verbose: 0 })
  const counts = matrix.result().toArray() as number[][]
  const p = (await net.predict(tensor(x))).toArray() as number[][]
  const want = [0, 1, 2].map(label =>
    [0, 1, 2].map(guess => p.filter((row, i) => y[i] === label && row.indexOf(Math.max(...row)) === guess).length),
  )
  expect(counts).toEqual(want)
  expect(logs).toMatchObject({ confusionMatrix0x0: want[0]?.[0], confusionMatrix2x1: want[2]?.[1] })
})

test('a metric written in JavaScript is the mean over all samples', async () => {
  const calls: string[] = []
  const perSample = (yTrue: SymbolicTensor, yPred: SymbolicTensor) => {
    calls.push('perSample')
    return ops.max(ops.abs(ops.sub(yTrue, yPred)), 1)
  }
  // One number for the batch stands for all of its samples, so that the last, smaller batch does not count too much.
  const perBatch = (yTrue: SymbolicTensor, yPred: SymbolicTensor) => ops.mean(ops.square(ops.sub(yTrue, yPred)))
  const net = classifier()
  net.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['mse', perBatch, perSample] })
  const logs = (await net.evaluate(tensor(x), tensor(x), { batchSize: 4, verbose: 0 })) as Record<string, number>
  expect(logs.perBatch).toBeCloseTo(logs.mse as number, 6)
  const p = (await net.predict(tensor(x))).toArray() as number[][]
  const worst = p.map((row, i) => Math.max(...row.map((value, j) => Math.abs(value - (x[i]?.[j] as number)))))
  expect(logs.perSample).toBeCloseTo(worst.reduce((a, b) => a + b) / worst.length, 5)
  expect(calls.length).toBeLessThanOrEqual(2)

  const alone = metrics.get(perSample)
  alone.update([[1, 0]], [[0.5, 0.25]])
  expect(alone.result().toArray()).toBe(0.5)
  expect(await failure(() => alone.toJSON())).toMatchObject({ code: 'GLOROT_CONFIG' })
  expect(await failure(() => metrics.get((() => 3) as never).update([1], [1]))).toMatchObject({ code: 'GLOROT_CONFIG' })
})
