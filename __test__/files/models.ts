// Models in many ways, to be written and loaded elsewhere.
import {
  type CompileOptions,
  constraints,
  initializers,
  input,
  layers,
  losses,
  type Model,
  type ModelTensor,
  metrics,
  model,
  optimizers,
  random,
  regularizers,
  schedules,
  sequential,
  type Tensor,
  tensor,
} from 'glorot'

/** A model with data for it. */
export interface Written {
  model: Model
  /** Batches, each with an array of inputs. */
  x: Tensor[][]
  /** Targets of the batches, if the model is compiled. */
  y?: Tensor[][]
}

let seed = 1

/** Numbers from -1 to 1 that look random. */
export function noise(...shape: number[]): Tensor {
  const size = shape.reduce((product, length) => product * length, 1)
  const values = Float32Array.from({ length: size }, () => {
    seed = (seed * 48_271) % 2_147_483_647
    return (2 * seed) / 2_147_483_647 - 1
  })
  return tensor(values, shape)
}

/** Class numbers. */
export const labels = (classes: number, n: number): Tensor =>
  tensor(Int32Array.from(noise(n).data(), value => Math.floor(((value + 1) / 2) * classes) % classes))

const batches = (n: number, ...shape: number[]) => Array.from({ length: n }, () => [noise(8, ...shape)])

/** Makes the weights differ from what any initializer gives; variances stay positive. */
function shaken(net: Model): Model {
  const weights = net.weights.map(weight => {
    const value = weight.value()
    const moved = Float32Array.from(value.data(), v => v + 0.2 * (noise(1).item() as number))
    return tensor(weight.name.includes('variance') ? moved.map(v => Math.abs(v) + 0.5) : moved, value.shape)
  })
  net.setWeights(weights)
  return net
}

const plain = (list: layers.Layer[], ...shape: number[]): Written => ({
  model: shaken(sequential([input({ shape }), ...list])),
  x: batches(1, ...shape),
})

const activationIds = [
  ...['celu', 'elu', 'exponential', 'gelu', 'hardShrink', 'hardSigmoid', 'hardSilu', 'hardTanh', 'leakyRelu', 'linear'],
  ...['logSigmoid', 'logSoftmax', 'mish', 'relu', 'relu6', 'selu', 'sigmoid', 'silu', 'softShrink', 'softmax'],
  ...['softplus', 'softsign', 'squareplus', 'sparsePlus', 'sparseSigmoid', 'tanh', 'tanhShrink'],
] as const

/** Structures and layers. */
export async function structures(): Promise<Record<string, Written>> {
  const [a, b] = [input({ shape: [6], name: 'a' }), input({ shape: [6], name: 'b' })]
  const shared = layers.dense({ units: 5, activation: 'elu', name: 'shared' })
  const inner = sequential([input({ shape: [5] }), layers.dense({ units: 4 }), layers.batchNormalization()])
  const x = input({ shape: [4] })
  const nested = model({ inputs: x, outputs: layers.dense({ units: 3 }).apply(layers.layerNormalization().apply(x)) })
  const calls = [a, b].map(side => inner.apply(shared.apply(side)))
  const joined = layers.concatenate().apply([...calls, ...calls.map(call => nested.apply(call))])
  const outputs = [layers.dense({ units: 2, activation: 'softmax', name: 'p' }).apply(joined)]
  outputs.push(layers.dense({ units: 1, name: 'q' }).apply(joined))

  const m = input({ shape: [4] })
  const [d, e] = [layers.dense({ units: 4 }).apply(m), layers.dense({ units: 4 }).apply(m)] as [
    ModelTensor,
    ModelTensor,
  ]
  const merged = [layers.add, layers.subtract, layers.multiply, layers.average, layers.maximum, layers.minimum]
  const merges = [...merged.map(merge => merge().apply([d, e])), layers.dot({ axes: 1 }).apply([d, e])]
  const functional = model({ inputs: m, outputs: layers.concatenate().apply(merges) })

  const norm = layers.normalization()
  await norm.adapt(noise(50, 4))
  const bins = layers.discretization({ numBins: 4, outputMode: 'oneHot' })
  await bins.adapt(noise(50, 4))
  const inBins = sequential([input({ shape: [4] }), bins, layers.flatten(), layers.dense({ units: 2 })])
  const deep = sequential([input({ shape: [4] }), sequential([input({ shape: [4] }), layers.dense({ units: 3 })])])
  const frozen = sequential([input({ shape: [4] }), layers.dense({ units: 4 }), layers.batchNormalization(), deep])
  ;(frozen.layers[0] as layers.Layer).trainable = false
  ;(deep.layers[0] as layers.Layer).trainable = false

  // A layer that a model shares with a model inside of it.
  const s = input({ shape: [4] })
  const both = layers.dense({ units: 4, name: 'both' })
  const around = model({ inputs: s, outputs: sequential([both]).apply(both.apply(s)) })

  return {
    shared: { model: shaken(model({ inputs: [a, b], outputs })), x: [[noise(8, 6), noise(8, 6)]] },
    merges: { model: shaken(functional), x: batches(1, 4) },
    adapted: { model: sequential([input({ shape: [4] }), norm, layers.dense({ units: 2 })]), x: batches(1, 4) },
    bins: { model: shaken(inBins), x: batches(1, 4) },
    frozen: { model: shaken(frozen), x: batches(1, 4) },
    around: { model: around, x: batches(1, 4) },
    activations: plain(
      activationIds.flatMap(id => [layers.dense({ units: 4, activation: id }), layers.activation(id)]),
      4,
    ),
    image: plain(
      [
        layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
        layers.batchNormalization(),
        layers.leakyReLU({ negativeSlope: 0.1 }),
        layers.spatialDropout2d({ rate: 0.3 }),
        layers.depthwiseConv2d({ kernelSize: 2 }),
        layers.separableConv2d({ filters: 6, kernelSize: 2 }),
        layers.groupNormalization({ groups: 3 }),
        layers.zeroPadding2d({ padding: 1 }),
        layers.cropping2d({ cropping: 1 }),
        layers.upSampling2d({ size: 2 }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.averagePooling2d({ poolSize: 2 }),
        layers.globalAveragePooling2d(),
      ],
      10,
      10,
      2,
    ),
    sequence: plain(
      [
        layers.conv1d({ filters: 4, kernelSize: 3, padding: 'causal' }),
        layers.separableConv1d({ filters: 3, kernelSize: 2 }),
        layers.depthwiseConv1d({ kernelSize: 2 }),
        layers.prelu({ sharedAxes: [1] }),
        layers.zeroPadding1d({ padding: 1 }),
        layers.cropping1d({ cropping: 1 }),
        layers.upSampling1d({ size: 2 }),
        layers.maxPooling1d({ poolSize: 2 }),
        layers.averagePooling1d({ poolSize: 2 }),
        layers.permute({ dims: [2, 1] }),
        layers.globalMaxPooling1d(),
      ],
      12,
      3,
    ),
    vector: plain(
      [
        layers.rescaling({ scale: 0.5, offset: 0.1 }),
        layers.reshape({ targetShape: [3, 2] }),
        layers.flatten(),
        layers.repeatVector({ n: 2 }),
        layers.flatten(),
        layers.unitNormalization(),
        layers.rmsNormalization(),
        layers.dropout({ rate: 0.2 }),
        layers.alphaDropout({ rate: 0.1 }),
        layers.gaussianDropout({ rate: 0.1 }),
        layers.gaussianNoise({ stddev: 0.1 }),
        layers.activityRegularization({ l1: 0.01 }),
        layers.elu({ alpha: 0.7 }),
        layers.relu({ maxValue: 0.5, negativeSlope: 0.1 }),
        layers.softmax(),
        layers.dense({
          units: 3,
          kernelInitializer: initializers.varianceScaling({ scale: 2, mode: 'fanAvg', distribution: 'uniform' }),
          biasInitializer: initializers.constant({ value: 0.3 }),
          kernelRegularizer: regularizers.l1l2({ l1: 0.01, l2: 0.02 }),
          biasRegularizer: 'l2',
          kernelConstraint: constraints.maxNorm(1),
          biasConstraint: constraints.nonNeg(),
          activityRegularizer: regularizers.l1(0.1),
        }),
        layers.einsumDense({ equation: 'ab,bcd->acd', outputShape: [2, 3], biasAxes: 'cd', activation: 'tanh' }),
        layers.flatten(),
        layers.dense({
          units: 3,
          kernelInitializer: initializers.orthogonal({ gain: 2, seed: 3 }),
          kernelConstraint: constraints.minMaxNorm({ minValue: 0.1, maxValue: 1 }),
          kernelRegularizer: regularizers.orthogonal({ factor: 0.1 }),
        }),
      ],
      6,
    ),
    words: {
      model: sequential([input({ shape: [5], dtype: 'int32' }), layers.embedding({ inputDim: 9, outputDim: 3 })]),
      x: [[tensor(labels(9, 20).data(), [4, 5])]],
    },
    categories: {
      model: sequential([
        input({ shape: [5], dtype: 'int32' }),
        layers.categoryEncoding({ numTokens: 9, outputMode: 'count' }),
      ]),
      x: [[tensor(labels(9, 20).data(), [4, 5])]],
    },
  }
}

const classifier = () =>
  sequential([
    input({ shape: [4] }),
    layers.dense({ units: 6, activation: 'tanh' }),
    layers.dense({ units: 3, activation: 'softmax' }),
  ])

function compiled(options: CompileOptions, net: Model = classifier()): Written {
  net.compile(options)
  return { model: net, x: batches(7, 4), y: Array.from({ length: 7 }, () => [labels(3, 8)]) }
}

/** Optimizers, schedules, losses and metrics. */
export function trainings(): Record<string, Written> {
  const loss = 'sparseCategoricalCrossentropy'
  const rates = {
    cosine: schedules.cosineDecay({ initialLearningRate: 0.01, decaySteps: 6, warmupTarget: 0.1, warmupSteps: 3 }),
    exponential: schedules.exponentialDecay({
      initialLearningRate: 0.1,
      decaySteps: 2,
      decayRate: 0.5,
      staircase: true,
    }),
    inverse: schedules.inverseTimeDecay({ initialLearningRate: 0.1, decaySteps: 2, decayRate: 0.5 }),
    piecewise: schedules.piecewiseConstantDecay({ boundaries: [2, 5], values: [0.1, 0.05, 0.01] }),
    polynomial: schedules.polynomialDecay({
      initialLearningRate: 0.1,
      decaySteps: 5,
      endLearningRate: 0.01,
      cycle: true,
    }),
    restarts: schedules.cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 3 }),
  }
  const rules: Record<string, optimizers.Optimizer> = {
    adadelta: optimizers.adadelta({ learningRate: 1 }),
    adagrad: optimizers.adagrad({ learningRate: 0.05 }),
    adam: optimizers.adam({ learningRate: 0.01, amsgrad: true, globalClipNorm: 0.5 }),
    adamW: optimizers.adamW({ learningRate: 0.01, weightDecay: 0.05 }),
    adamax: optimizers.adamax({ learningRate: 0.01, clipValue: 0.1 }),
    averaged: optimizers.adam({ learningRate: 0.01, useEma: true, emaMomentum: 0.9, gradientAccumulationSteps: 2 }),
    ftrl: optimizers.ftrl({ learningRate: 0.1 }),
    lamb: optimizers.lamb({ learningRate: 0.01 }),
    lion: optimizers.lion({ learningRate: 0.01 }),
    muon: optimizers.muon({ learningRate: 0.01 }),
    adafactor: optimizers.adafactor({ learningRate: 0.01 }),
    scheduleFree: optimizers.scheduleFreeAdamW({ warmupSteps: 3 }),
    nadam: optimizers.nadam({ learningRate: 0.01, clipNorm: 0.7 }),
    rmsprop: optimizers.rmsprop({ learningRate: 0.01, centered: true, momentum: 0.3 }),
    sgd: optimizers.sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  }
  for (const [name, learningRate] of Object.entries(rates)) {
    rules[`rate_${name}`] = optimizers.sgd({ learningRate, momentum: 0.5 })
  }
  const written = Object.entries(rules).map(([name, optimizer]) => [
    `optimizer_${name}`,
    compiled({ optimizer, loss, metrics: ['accuracy'] }),
  ])

  const oneHot = Array.from({ length: 7 }, () => {
    const rows = [...labels(3, 8).data()].map(label => [0, 1, 2].map(i => Number(i === label)))
    return [tensor(rows)]
  })
  const of: Record<string, CompileOptions['loss']> = {
    mse: 'mse',
    smoothed: losses.categoricalCrossentropy({ labelSmoothing: 0.1 }),
    focal: losses.categoricalFocalCrossentropy({ gamma: 1.5 }),
    divergence: 'klDivergence',
    cosine: losses.cosineSimilarity(),
    logCosh: 'logCosh',
    hinge: 'squaredHinge',
    summed: losses.meanAbsoluteError({ reduction: 'sum' }),
  }
  for (const [name, loss] of Object.entries(of)) {
    const options = {
      optimizer: optimizers.adam({ learningRate: 0.01 }),
      loss,
      metrics: ['mae', 'acc', metrics.auc({ numThresholds: 20 }), metrics.f1Score({ average: 'macro' }), 'r2Score'],
      weightedMetrics: [metrics.topKCategoricalAccuracy({ k: 2 })],
    } as const
    written.push([`loss_${name}`, { ...compiled(options), y: oneHot }])
  }

  const x = input({ shape: [4] })
  const h = layers.dense({ units: 4, activation: 'relu' }).apply(x)
  const outputs = [layers.dense({ units: 3, activation: 'softmax', name: 'p' }).apply(h)]
  outputs.push(layers.dense({ units: 1, name: 'q' }).apply(h))
  const options: CompileOptions = {
    optimizer: 'adam',
    loss: { p: 'sparseCategoricalCrossentropy', q: 'mse' },
    lossWeights: { p: 1, q: 0.3 },
    metrics: { p: ['accuracy'], q: ['mae', 'mse'] },
  }
  const several = compiled(options, model({ inputs: x, outputs }))
  written.push(['several', { ...several, y: several.x.map(() => [labels(3, 8), noise(8, 1)]) }])
  return Object.fromEntries(written)
}

/** All of them, the same ones each time. */
export async function everything(): Promise<Record<string, Written>> {
  random.setSeed(58)
  seed = 1
  return { ...(await structures()), ...trainings() }
}
