import {
  callbacks,
  constraints,
  datasets,
  initializers,
  input,
  layers,
  losses,
  metrics,
  optimizers,
  regularizers,
  schedules,
  variable,
} from 'glorot'
import { describe, expect, test } from 'vitest'
import { failure } from '../api/data.js'
import { type Kind, refusals } from './wrong.js'

type Options = Record<string, unknown>
type Make = (options: never) => unknown
/** What makes the object, options that are right, and the kinds of its options with more values that are wrong. */
type Case = [make: Make, right: Options, options: Record<string, Kind | [kind: Kind, ...also: unknown[]]>]

const regularized = {
  kernelInitializer: 'part',
  biasInitializer: 'part',
  kernelRegularizer: 'part',
  biasRegularizer: 'part',
  activityRegularizer: 'part',
  kernelConstraint: 'part',
  biasConstraint: 'part',
} as const
const common = { name: ['name', 'a/b'], trainable: 'flag', inputShape: ['list', [-1], [1.5], ['a']] } as const
const rate = { rate: ['number', -0.1, 1.1, 1e18], seed: ['whole', -1] } as const
const windows = {
  poolSize: ['wholes', 0, -1],
  strides: ['wholes', 0, -1],
  padding: 'word',
  dataFormat: 'word',
} as const
const kernels = {
  kernelSize: ['wholes', 0, -1],
  strides: ['wholes', 0, -1],
  padding: 'word',
  dataFormat: 'word',
} as const

const layerCases: Record<string, Case> = {
  dense: [
    layers.dense,
    { units: 1 },
    { units: ['whole', 0, -1, 2.5], activation: 'part', useBias: 'flag', ...regularized, ...common } as never,
  ],
  conv1d: [layers.conv1d, { filters: 1, kernelSize: 1 }, { filters: ['whole', 0, -1], ...kernels } as never],
  conv2d: [
    layers.conv2d,
    { filters: 1, kernelSize: 1 },
    { filters: ['whole', 0, -1], dilationRate: ['wholes', 0, -1], groups: ['whole', 0], ...kernels } as never,
  ],
  conv2dTranspose: [
    layers.conv2dTranspose,
    { filters: 1, kernelSize: 1 },
    { filters: ['whole', 0], ...kernels } as never,
  ],
  depthwiseConv2d: [
    layers.depthwiseConv2d,
    { kernelSize: 1 },
    { depthMultiplier: ['whole', 0, -1], ...kernels } as never,
  ],
  separableConv2d: [
    layers.separableConv2d,
    { filters: 1, kernelSize: 1 },
    { filters: ['whole', 0], ...kernels } as never,
  ],
  maxPooling1d: [layers.maxPooling1d, {}, { poolSize: ['wholes', 0], padding: 'word' }],
  maxPooling2d: [layers.maxPooling2d, {}, windows as never],
  averagePooling2d: [layers.averagePooling2d, {}, windows as never],
  globalMaxPooling2d: [layers.globalMaxPooling2d, {}, { keepDims: 'flag', dataFormat: 'word' }],
  zeroPadding2d: [layers.zeroPadding2d, {}, { padding: ['wholes', -1], dataFormat: 'word' }],
  upSampling2d: [layers.upSampling2d, {}, { size: ['wholes', 0, -1], interpolation: 'word' }],
  embedding: [
    layers.embedding,
    { inputDim: 3, outputDim: 2 },
    { inputDim: ['whole', 0, -1], outputDim: ['whole', 0], embeddingsInitializer: 'part', maskZero: 'flag' },
  ],
  dropout: [layers.dropout, { rate: 0.5 }, { ...rate, noiseShape: ['list', [0.5]] } as never],
  alphaDropout: [layers.alphaDropout, { rate: 0.5 }, rate as never],
  gaussianDropout: [layers.gaussianDropout, { rate: 0.5 }, rate as never],
  gaussianNoise: [layers.gaussianNoise, { stddev: 1 }, { stddev: ['number', -1], seed: ['whole', -1] }],
  batchNormalization: [
    layers.batchNormalization,
    {},
    {
      axis: 'wholes',
      momentum: ['number'],
      epsilon: ['number', -1],
      center: 'flag',
      scale: 'flag',
      gammaInitializer: 'part',
      betaConstraint: 'part',
    },
  ],
  layerNormalization: [layers.layerNormalization, {}, { axis: 'wholes', epsilon: ['number', -1], center: 'flag' }],
  groupNormalization: [layers.groupNormalization, {}, { groups: ['whole', 0], axis: 'whole', scale: 'flag' }],
  rescaling: [layers.rescaling, { scale: 1 }, { scale: 'numbers', offset: 'numbers' }],
  einsumDense: [
    layers.einsumDense,
    { equation: 'ab,bc->ac', outputShape: 2 },
    {
      equation: ['name', 'ab,bc', 'ab,bc->ca', 'ab,bcd->ac'],
      outputShape: ['wholes', 0, -1, [0.5], ['a']],
      biasAxes: ['name', 'd', 'bc'],
    },
  ],
  reshape: [layers.reshape, { targetShape: [1] }, { targetShape: ['wholes', [-1, -1], [0.5], ['a']] }],
  permute: [layers.permute, { dims: [1] }, { dims: ['wholes', [0], [2], [1, 1], ['a']] }],
  repeatVector: [layers.repeatVector, { n: 1 }, { n: ['whole', 0, -1] }],
  categoryEncoding: [layers.categoryEncoding, { numTokens: 2 }, { numTokens: ['whole', 0, -1], outputMode: 'word' }],
  discretization: [
    layers.discretization,
    { numBins: 2 },
    {
      numBins: ['whole', 0, -1],
      epsilon: ['number', -1, 0, 1],
      outputMode: 'word',
      binBoundaries: ['numbers', [1, 0]],
    },
  ],
  concatenate: [layers.concatenate, {}, { axis: 'whole' }],
  dot: [layers.dot, { axes: 1 }, { axes: 'wholes', normalize: 'flag' }],
  leakyReLU: [layers.leakyReLU, {}, { negativeSlope: 'number' }],
  reLU: [layers.reLU, {}, { maxValue: ['number', -1], negativeSlope: ['number', -1], threshold: ['number', -1] }],
  prelu: [layers.prelu, {}, { alphaInitializer: 'part', sharedAxes: 'wholes' }],
  elu: [layers.elu, {}, { alpha: 'number' }],
  softmax: [layers.softmax, {}, { axis: 'wholes' }],
  activityRegularization: [layers.activityRegularization, {}, { l1: ['number', -1], l2: ['number', -1] }],
  normalization: [layers.normalization, {}, { axis: 'wholes', invert: 'flag' }],
  input: [
    input,
    { shape: [1] },
    { shape: ['list', [-1], [0.5], ['a']], dtype: 'word', name: ['name', 'a/b'], batchSize: ['whole', 0] },
  ],
}

const shared = {
  learningRate: ['scheduled', -1],
  weightDecay: ['number', -1],
  clipNorm: ['number', -1],
  globalClipNorm: ['number', -1],
  clipValue: ['number', -1],
  useEma: 'flag',
  emaMomentum: ['number', -0.5, 1.5],
  emaOverwriteFrequency: ['whole', 0],
  lossScaleFactor: ['number', 0, -1],
  gradientAccumulationSteps: ['whole', 0, 1],
  name: 'name',
} as const
const betas = { beta1: ['number', -0.5, 1.5], beta2: ['number', -0.5, 1.5], epsilon: ['number', -1] } as const

const optimizerCases: Record<string, Case> = {
  sgd: [optimizers.sgd, {}, { ...shared, momentum: ['number', -0.5, 1.5], nesterov: 'flag' } as never],
  adam: [optimizers.adam, {}, { ...shared, ...betas, amsgrad: 'flag' } as never],
  adamW: [optimizers.adamW, {}, betas as never],
  adamax: [optimizers.adamax, {}, betas as never],
  nadam: [optimizers.nadam, {}, betas as never],
  lamb: [optimizers.lamb, {}, betas as never],
  lion: [optimizers.lion, {}, { beta1: ['number', 1.5], beta2: ['number', 1.5] }],
  adagrad: [optimizers.adagrad, {}, { initialAccumulatorValue: ['number', -1], epsilon: ['number', -1] }],
  adadelta: [optimizers.adadelta, {}, { rho: ['number', -0.5, 1.5], epsilon: ['number', -1] }],
  rmsprop: [
    optimizers.rmsprop,
    {},
    { rho: ['number', -0.5, 1.5], momentum: ['number', -1], epsilon: ['number', -1], centered: 'flag' },
  ],
  ftrl: [
    optimizers.ftrl,
    {},
    {
      learningRatePower: ['number', 1],
      initialAccumulatorValue: ['number', -1],
      l1RegularizationStrength: ['number', -1],
      l2RegularizationStrength: ['number', -1],
      l2ShrinkageRegularizationStrength: ['number', -1],
      beta: ['number', -1],
    },
  ],
}

const decay = { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.9 }
const decays = {
  initialLearningRate: 'number',
  decaySteps: ['number', 0, -1],
  decayRate: 'number',
  staircase: 'flag',
} as const
const scheduleCases: Record<string, Case> = {
  exponentialDecay: [schedules.exponentialDecay, decay, decays as never],
  inverseTimeDecay: [schedules.inverseTimeDecay, decay, decays as never],
  polynomialDecay: [
    schedules.polynomialDecay,
    { initialLearningRate: 0.1, decaySteps: 10 },
    { decaySteps: ['number', 0], endLearningRate: 'number', power: 'number', cycle: 'flag' },
  ],
  cosineDecay: [
    schedules.cosineDecay,
    { initialLearningRate: 0.1, decaySteps: 10 },
    { decaySteps: ['number', 0], alpha: 'number', warmupTarget: 'number', warmupSteps: ['number', -1] },
  ],
  cosineDecayRestarts: [
    schedules.cosineDecayRestarts,
    { initialLearningRate: 0.1, firstDecaySteps: 10 },
    { firstDecaySteps: ['number', 0], tMul: ['number', 0], mMul: 'number', alpha: 'number' },
  ],
  piecewiseConstantDecay: [
    schedules.piecewiseConstantDecay,
    { boundaries: [1], values: [1, 2] },
    { boundaries: ['numbers', [2, 1], ['a']], values: ['numbers', [1], ['a', 'b']] },
  ],
}

const named = { name: 'name' } as const
const lossCases: Record<string, Case> = {
  meanSquaredError: [losses.meanSquaredError, {}, { reduction: 'word', ...named }],
  binaryCrossentropy: [
    losses.binaryCrossentropy,
    {},
    { fromLogits: 'flag', labelSmoothing: ['number', -0.5, 1.5], axis: 'whole' },
  ],
  binaryFocalCrossentropy: [
    losses.binaryFocalCrossentropy,
    {},
    { gamma: 'number', alpha: 'number', applyClassBalancing: 'flag' },
  ],
  categoricalCrossentropy: [
    losses.categoricalCrossentropy,
    {},
    { fromLogits: 'flag', labelSmoothing: ['number', -0.5, 1.5] },
  ],
  sparseCategoricalCrossentropy: [
    losses.sparseCategoricalCrossentropy,
    {},
    { fromLogits: 'flag', ignoreClass: 'whole' },
  ],
  huber: [losses.huber, {}, { delta: ['number', 0, -1] }],
  cosineSimilarity: [losses.cosineSimilarity, {}, { axis: 'whole' }],
}

const metricCases: Record<string, Case> = {
  binaryAccuracy: [metrics.binaryAccuracy, {}, { threshold: ['number', -1, 2], ...named }],
  topKCategoricalAccuracy: [metrics.topKCategoricalAccuracy, {}, { k: ['whole', 0, -1], ...named }],
  precision: [metrics.precision, {}, { thresholds: ['numbers', 2, -1], topK: ['whole', 0], classId: ['whole', -1] }],
  recall: [metrics.recall, {}, { thresholds: ['numbers', 2, -1], topK: ['whole', 0], classId: ['whole', -1] }],
  auc: [
    metrics.auc,
    {},
    {
      numThresholds: ['whole', 1, 1e18],
      curve: 'word',
      summationMethod: 'word',
      multiLabel: 'flag',
      thresholds: ['numbers', [2]],
    },
  ],
  precisionAtRecall: [
    metrics.precisionAtRecall,
    { recall: 0.5 },
    { recall: ['number', -1, 2], numThresholds: ['whole', 0, 1e18] },
  ],
  f1Score: [metrics.f1Score, {}, { average: 'word', threshold: ['number', -1] }],
  fBetaScore: [metrics.fBetaScore, {}, { beta: ['number', 0, -1] }],
  confusionMatrix: [metrics.confusionMatrix, {}, { numClasses: ['whole', 0, 1e18], threshold: 'number' }],
  meanIoU: [metrics.meanIoU, { numClasses: 2 }, { numClasses: ['whole', 0, 1e18] }],
  r2Score: [metrics.r2Score, {}, { classAggregation: 'word', numRegressors: ['whole', -1] }],
  mean: [metrics.mean, {}, named],
}

const drawn = { seed: ['whole', -1] } as const
const partCases: Record<string, Case> = {
  varianceScaling: [
    initializers.varianceScaling,
    {},
    { scale: ['number', 0, -1], mode: 'word', distribution: 'word', ...drawn } as never,
  ],
  randomNormal: [initializers.randomNormal, {}, { mean: 'number', stddev: ['number', -1], ...drawn } as never],
  randomUniform: [initializers.randomUniform, {}, { minval: 'number', maxval: ['number', -1], ...drawn } as never],
  orthogonal: [initializers.orthogonal, {}, { gain: 'number', ...drawn } as never],
  l1l2: [regularizers.l1l2, {}, { l1: ['number', -1], l2: ['number', -1] }],
  orthogonalRegularizer: [regularizers.orthogonal, {}, { factor: ['number', -1], mode: 'word' }],
  minMaxNorm: [
    constraints.minMaxNorm,
    {},
    { minValue: 'number', maxValue: ['number', -1], rate: ['number', -1, 2], axis: 'wholes' },
  ],
}

const monitored = { monitor: 'name', mode: 'word', patience: ['whole', -1], verbose: ['whole', 2, -1] } as const
const callbackCases: Record<string, Case> = {
  earlyStopping: [
    callbacks.earlyStopping,
    {},
    {
      ...monitored,
      minDelta: 'number',
      baseline: 'number',
      restoreBestWeights: 'flag',
      startFromEpoch: ['whole', -1],
    } as never,
  ],
  reduceLROnPlateau: [
    callbacks.reduceLROnPlateau,
    {},
    {
      ...monitored,
      factor: ['number', 1],
      minDelta: 'number',
      cooldown: ['whole', -1],
      minLr: ['number', -1],
    } as never,
  ],
  csvLogger: [(options: Options) => callbacks.csvLogger('x.csv', options), {}, { separator: 'name', append: 'flag' }],
  tensorBoard: [
    callbacks.tensorBoard,
    {},
    { logDir: 'name', histogramFreq: ['whole', -1], updateFreq: ['whole', -1], writeGraph: 'flag' },
  ],
  oneCycle: [callbacks.oneCycle, { maxLearningRate: 0.1 }, { maxLearningRate: ['number', 0, -1] }],
  swapEMAWeights: [callbacks.swapEMAWeights, {}, { swapOnEpoch: 'flag' }],
}

const otherCases: Record<string, Case> = {
  glyphs: [datasets.glyphs, {}, { train: ['whole', 0, 1e7], test: ['whole', 0, 1e7], seed: ['whole', -1, 2 ** 32] }],
  variable: [(options: Options) => variable(1, options), {}, { name: 'name' }],
}

const families = {
  layerCases,
  optimizerCases,
  scheduleCases,
  lossCases,
  metricCases,
  partCases,
  callbackCases,
  otherCases,
}

for (const [family, cases] of Object.entries(families)) {
  describe(family.replace('Cases', ''), () => {
    for (const [name, [make, right, options]] of Object.entries(cases)) {
      test(`${name}: wrong options are errors that name them`, async () => {
        let tried = 0
        for (const [option, kinds] of Object.entries(options)) {
          const [kind, ...also] = [kinds].flat(1) as [Kind, ...unknown[]]
          tried += await refusals(option, kind, value => make({ ...right, [option]: value } as never), also)
        }
        expect(tried).toBeGreaterThan(10)
        expect((await failure(() => make({ ...right, unknownOption: 1 } as never))).message).toMatch(/unknownOption/)
      })
    }
  })
}
