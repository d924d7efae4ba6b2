import {
  activations,
  constraints,
  initializers,
  input,
  layers,
  losses,
  metrics,
  model,
  models,
  ops,
  optimizers,
  regularizers,
  schedules,
  tensor,
  variable,
} from 'glorot'
import { describe, expect, test } from 'vitest'

// Configs of every class with options changed at random: each either works all the way or is an error with a code. A
// crash ends the process and so the test.

type Serialized = { class_name: string; config: Record<string, unknown> }
type Factory = (options: never) => unknown

/** Pseudorandom numbers in [0, 1) (mulberry32). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

class Random {
  private readonly next: () => number

  constructor(seed: number) {
    this.next = generator(seed)
  }

  below = (count: number) => Math.floor(this.next() * count)
  chance = (probability: number) => this.next() < probability
  of = <T>(values: readonly T[]) => values[this.below(values.length)] as T
  number = () => this.of([0, 1, 2, 3, -1, 0.5, 0.1, 0.9, 1e-7, 100, -0.5, 5, 1e18, this.next()])
  word = () =>
    this.of(['same', 'valid', 'relu', 'glorot_uniform', 'l2', 'max_norm', 'channels_first', 'mean', 'sum', 'x'])
  value = (): unknown =>
    this.of([
      this.number,
      this.number,
      () => this.chance(0.5),
      () => null,
      this.word,
      () => Array.from({ length: this.below(4) }, this.number),
      () => ({ class_name: this.word(), config: { value: this.number() } }),
      () => '',
    ])()

  shape = (rank: number) => Array.from({ length: rank }, () => 1 + this.below(6))

  tensor(shape: readonly number[]) {
    const size = shape.reduce((product, length) => product * length, 1)
    return tensor(
      Float32Array.from({ length: size }, () => this.next() * 2 - 0.5),
      shape,
    )
  }

  /** The config with some options changed. */
  changed({ class_name, config }: Serialized): Serialized {
    const names = Object.keys(config).filter(name => !['name', 'dtype', 'trainable'].includes(name))
    const changes = this.chance(0.2) ? 0 : 1 + this.below(3)
    const changed = { ...config }
    for (let i = 0; i < changes && names.length > 0; i++) changed[this.of(names)] = this.value()
    return { class_name, config: changed }
  }
}

const codes = ['CONFIG', 'SHAPE', 'INVALID', 'DATA', 'DEVICE', 'NONFINITE_LOSS'].map(code => `GLOROT_${code}`)

/** Runs a chain of calls for many changed configs; most of the unchanged ones must get to its end. */
async function tryAll(
  cases: Serialized[],
  chain: (random: Random, config: Serialized, changed: boolean) => unknown,
  rounds = 200,
): Promise<void> {
  for (const [i, serialized] of cases.entries()) {
    let completed = 0
    for (let round = 0; round < rounds; round++) {
      const random = new Random(777777 + 1000 * i + round)
      const config = round === 0 ? serialized : random.changed(serialized)
      try {
        await chain(random, config, round > 0)
        completed++
      } catch (error) {
        const { code, message } = error as { code?: string; message: string }
        if (!codes.includes(code ?? ''))
          throw new Error(`${JSON.stringify(config)}: ${code} ${message}`, { cause: error })
        if (round === 0) throw new Error(`${JSON.stringify(config)}: ${message}`, { cause: error })
      }
    }
    expect(completed, serialized.class_name).toBeGreaterThan(0)
  }
}

/** What the factories of a module make, as configs. */
function configsOf(module: object, options: Record<string, unknown> = {}): Serialized[] {
  const made: Serialized[] = []
  for (const [name, factory] of Object.entries(module)) {
    if (!/^[a-z]/.test(name) || name === 'get' || name === 'deserialize' || options[name] === null) continue
    const object = (factory as Factory)((options[name] ?? {}) as never) as { toJSON(): Serialized }
    const { class_name, config } = object.toJSON()
    made.push({ class_name, config: config ?? {} })
  }
  return made
}

const json = (value: unknown) => JSON.stringify(value)
/** Classes of losses and metrics that take one number a sample. */
const takesLabels = /^Sparse|Generalized|Circle/
/** What is read again is written alike. */
function roundTrip(object: { toJSON(): unknown }, read: (config: never) => { toJSON(): unknown }): void {
  const written = json(object)
  expect(json(read(JSON.parse(written) as never))).toBe(written)
}

describe('random configs', () => {
  test('initializers', async () => {
    const shapes = [[3, 4], [2, 3, 4], [5], [], [1, 1], [0, 2]]
    await tryAll(configsOf(initializers), (random, config, changed) => {
      const made = initializers.deserialize(config)
      roundTrip(made, initializers.deserialize)
      made.initialize([3, 3])
      if (changed) made.initialize(random.of(shapes))
    })
  })

  test('regularizers and constraints', async () => {
    const l = { l1: 0.1, l2: 0.1, maxNorm: 2 }
    await tryAll(configsOf(regularizers, l), (random, config, changed) => {
      const made = regularizers.deserialize(config)
      roundTrip(made, regularizers.deserialize)
      made.penalty(random.tensor([3, 4]))
      if (changed) made.penalty(random.tensor(random.shape(random.below(4))))
    })
    await tryAll(configsOf(constraints, l), (random, config, changed) => {
      const made = constraints.deserialize(config)
      roundTrip(made, constraints.deserialize)
      made.project(random.tensor([3, 4]))
      if (changed) made.project(random.tensor(random.shape(random.below(4))))
    })
  })

  test('activations', async () => {
    const cases = Object.entries(activations)
      .filter(([name]) => /^[a-z]/.test(name) && !['get', 'deserialize', 'threshold'].includes(name))
      .map(([name]) => ({ class_name: name, config: {} as Record<string, unknown> }))
    const options = ['alpha', 'axis', 'negativeSlope', 'threshold', 'maxValue', 'approximate', 'b']
    await tryAll(cases, (random, { class_name }, changed) => {
      const config = changed && random.chance(0.7) ? { [random.of(options)]: random.value() } : {}
      const made = activations.deserialize({ class_name, config })
      made(random.tensor([4, 6]))
      if (changed) made(random.tensor(random.shape(random.below(4))))
    })
  })

  test('schedules', async () => {
    const decay = { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.9 }
    const options = {
      exponentialDecay: decay,
      inverseTimeDecay: decay,
      polynomialDecay: { initialLearningRate: 0.1, decaySteps: 10 },
      cosineDecay: { initialLearningRate: 0.1, decaySteps: 10 },
      cosineDecayRestarts: { initialLearningRate: 0.1, firstDecaySteps: 10 },
      piecewiseConstantDecay: { boundaries: [3], values: [1, 2] },
      oneCycle: { maxLearningRate: 0.1, totalSteps: 10 },
      oneCycleMomentum: { totalSteps: 10 },
    }
    await tryAll(configsOf(schedules, options), (_, config) => {
      const made = schedules.deserialize(config)
      roundTrip(made, schedules.deserialize)
      for (const step of [0, 1, 7, 1e6]) expect(typeof made.at(step)).toBe('number')
    })
  })

  test('optimizers', async () => {
    await tryAll(configsOf(optimizers, { lossScale: 'adam' }), (random, config) => {
      const made = optimizers.deserialize(config)
      const variables = [variable(random.tensor([3, 4])), variable(random.tensor([4]))]
      for (let step = 0; step < 2; step++) made.apply([random.tensor([3, 4]), random.tensor([4])], variables)
      expect(made.iterations).toBe(config.config.gradient_accumulation_steps ? made.iterations : 2)
      roundTrip(made, optimizers.deserialize)
    })
  })

  test('losses', async () => {
    await tryAll(configsOf(losses), (random, config, changed) => {
      const made = losses.deserialize(config)
      roundTrip(made, losses.deserialize)
      const sparse = takesLabels.test(config.class_name)
      made(sparse ? tensor(new Int32Array([0, 1])) : random.tensor([2, 3]), random.tensor([2, 3]))
      if (changed) made(random.tensor(random.shape(2)), random.tensor(random.shape(2)), random.of([undefined, [1, 2]]))
    })
  })

  test('metrics', async () => {
    const options = {
      meanMetricWrapper: null,
      iou: { numClasses: 2, targetClassIds: [0] },
      oneHotIoU: { numClasses: 3, targetClassIds: [0] },
      meanIoU: { numClasses: 2 },
      oneHotMeanIoU: { numClasses: 3 },
      precisionAtRecall: { recall: 0.5 },
      recallAtPrecision: { precision: 0.5 },
      sensitivityAtSpecificity: { specificity: 0.5 },
      specificityAtSensitivity: { sensitivity: 0.5 },
    }
    const classes = tensor(new Float32Array([0, 1, 1, 0, 1, 0]), [2, 3])
    const hot = tensor(new Float32Array([0, 1, 0, 1, 0, 0]), [2, 3])
    await tryAll(configsOf(metrics, options), (random, config, changed) => {
      const made = metrics.deserialize(config)
      roundTrip(made, metrics.deserialize)
      const sparse = takesLabels.test(config.class_name)
      const [yTrue, yPred] =
        config.class_name.endsWith('IoU') && !config.class_name.startsWith('OneHot')
          ? [classes, classes]
          : [sparse ? tensor(new Int32Array([0, 1])) : hot, random.tensor([2, 3])]
      made.update(yTrue, config.class_name.includes('At') || config.class_name === 'AUC' ? ops.sigmoid(yPred) : yPred)
      made.result()
      made.reset()
      if (changed) made.update(random.tensor(random.shape(2)), random.tensor(random.shape(2)))
      if (changed) made.result()
    })
  })

  test('layers, in a model that is trained', { timeout: 300_000 }, async () => {
    const options = {
      dense: { units: 2 },
      conv1d: { filters: 2, kernelSize: 2 },
      conv2d: { filters: 2, kernelSize: 2 },
      conv1dTranspose: { filters: 2, kernelSize: 2 },
      conv2dTranspose: { filters: 2, kernelSize: 2 },
      depthwiseConv1d: { kernelSize: 2 },
      depthwiseConv2d: { kernelSize: 2 },
      separableConv1d: { filters: 2, kernelSize: 2 },
      separableConv2d: { filters: 2, kernelSize: 2 },
      embedding: { inputDim: 4, outputDim: 2 },
      dropout: { rate: 0.5 },
      spatialDropout1d: { rate: 0.5 },
      spatialDropout2d: { rate: 0.5 },
      alphaDropout: { rate: 0.5 },
      gaussianDropout: { rate: 0.5 },
      gaussianNoise: { stddev: 0.5 },
      groupNormalization: { groups: 2 },
      rescaling: { scale: 2 },
      reshape: { targetShape: [-1] },
      permute: { dims: [1] },
      repeatVector: { n: 2 },
      categoryEncoding: { numTokens: 4 },
      einsumDense: { equation: '...x,xy->...y', outputShape: 2 },
      discretization: { binBoundaries: [0, 0.5], outputMode: 'oneHot' },
      dot: { axes: 1 },
      activation: 'relu',
      activityRegularization: { l1: 0.1 },
      normalization: { mean: 0.5, variance: 2 },
      lambda: null,
      input: null,
    }
    const cases = configsOf(layers, options)
    expect(cases.length).toBeGreaterThan(55)
    // One rank after the other until one fits the unchanged config.
    const ranks = [1, 2, 3]
    const merges = ['Add', 'Subtract', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Concatenate', 'Dot']
    const build = (config: Serialized, shape: number[]) => {
      const dtype = config.class_name === 'Embedding' ? 'int32' : 'float32'
      const inputs = (merges.includes(config.class_name) ? [0, 1] : [0]).map(() => input({ shape, dtype }))
      const layer = layers.deserialize(config as never) as layers.Layer
      const x = layer.apply(inputs.length > 1 ? inputs : (inputs[0] as never))
      const y = layers.dense({ units: 1 }).apply(layers.flatten().apply(x as never))
      return model({ inputs, outputs: y })
    }
    const fitting = new Map<string, number[]>()
    for (const config of cases) {
      const fits = ranks
        .map(rank => Array(rank).fill(4) as number[])
        .find(shape => {
          try {
            build(config, shape)
            return true
          } catch {
            return false
          }
        })
      if (fits) fitting.set(config.class_name, fits)
      else throw new Error(`${config.class_name} takes no inputs of rank 2 to 4`)
    }
    const kinds = configsOf(optimizers, { lossScale: 'adam' })
    const trained = async (random: Random, config: Serialized, changed: boolean) => {
      const own = fitting.get(config.class_name) as number[]
      const shape = changed && random.chance(0.3) ? random.shape(1 + random.below(3)) : own
      const net = build(config, shape)
      net.compile({ optimizer: optimizers.deserialize(random.of(kinds)), loss: 'mse' })
      const ints = config.class_name === 'Embedding'
      const batch = () => {
        const values = random.tensor([3, ...shape])
        return ints ? tensor(new Int32Array(values.size), values.shape) : values
      }
      const x = net.inputs.map(batch)
      const { loss } = await net.trainOnBatch(x, random.tensor([3, 1]))
      expect(typeof loss).toBe('number')
      const again = models.fromJSON(JSON.parse(json(net)))
      expect(json(again)).toBe(json(net))
      expect((await again.predict(x)).shape).toEqual([3, 1])
    }
    await tryAll(cases, trained, 60)
  })
})
