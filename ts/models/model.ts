import type { Model as NativeModel, OnEvent } from '../../native/binding.cjs'
import { type Callback, hearsPredictSteps, hearsTestSteps } from '../callbacks/callback.js'
import { CallbackList } from '../callbacks/callback-list.js'
import { Layer } from '../layers/layer.js'
import { layerOf, setModelOf } from '../layers/layer-of.js'
import type { Optimizer } from '../optimizers/index.js'
import type { Verbose } from '../progress/index.js'
import { configError, toJson } from '../serialize.js'
import { asTensor, Tensor, type TensorLike } from '../tensor.js'
import { Variable } from '../variable.js'
import { type Batches, isBatches } from './batches.js'
import { type CompileOptions, compileSpec } from './compile.js'
import { type Data, samples, tensors } from './data.js'
import { type FindLearningRateOptions, findLearningRate, type LearningRateSearch } from './find-learning-rate.js'
import { type FitOptions, fit } from './fit.js'
import { type FitBatchesOptions, fitBatches } from './fit-batches.js'
import type { History, Logs } from './history.js'
import { logsOf, runJob } from './job.js'
import { runShown } from './run-shown.js'
import { type TrainingEvent, trainingEvents } from './training-events.js'

/** How a summary looks. */
export interface SummaryOptions {
  /** Characters a line. Default: 88, for models with branches 108, or what the terminal has. */
  lineLength?: number
  /** Show the layers of models inside of this one. Default: `false`. */
  expandNested?: boolean
  /** Show which layers are trainable. Default: `false`. */
  showTrainable?: boolean
  /** What prints it. Default: `console.log`. */
  print?: (text: string) => void
}

/** How to evaluate. */
export interface EvaluateOptions {
  /** Samples a step. Default: 32. */
  batchSize?: number
  /** Weights of the samples: `[n]`, or one for each output. */
  sampleWeight?: Data
  /** Their `onTest…` methods are called. */
  callbacks?: readonly Callback[]
  /** As in `fit`. Default: `'auto'`. */
  verbose?: Verbose
  signal?: AbortSignal
}

/** How to predict. */
export interface PredictOptions {
  /** Samples a step. Default: 32. */
  batchSize?: number
  /** Their `onPredict…` methods are called. */
  callbacks?: readonly Callback[]
  /** As in `fit`. Default: 0. */
  verbose?: Verbose
  signal?: AbortSignal
}

/** How to predict with noise. */
export interface PredictSamplesOptions extends PredictOptions {
  /** Number of predictions. Default: 100. */
  samples?: number
}

/** How to train on one batch. */
export interface TrainOnBatchOptions {
  /** Weights of the samples: `[n]`, or one for each output. */
  sampleWeight?: Data
  /** Weights of the samples by class; others weigh 1. */
  classWeight?: Readonly<Record<number, number>>
}

/**
 * Layers put together, and what trains them. Made by {@link sequential}, {@link model} and `models.fromJSON`. A model is
 * a layer: it can be part of another one.
 */
export class Model extends Layer {
  /** @internal */
  readonly model: NativeModel
  /** Set by a callback, ends the training after this epoch (at a step: after this step). */
  stopTraining = false
  /** The history of the last training, whether it was completed or not. */
  history: History | undefined
  private compiledOptimizer: Optimizer | undefined
  /** Layers written in JavaScript live as long as their objects. */
  protected held: unknown

  /** @internal */
  constructor(model: NativeModel, held?: unknown) {
    super({}, model.asLayer())
    this.model = model
    this.held = held ?? this.layers
  }

  override get trainable(): boolean {
    return this.model.trainable
  }

  override set trainable(trainable: boolean) {
    this.model.trainable = trainable
  }

  /** Whether the shapes of the inputs are known, and so the weights made. */
  override get built(): boolean {
    return this.model.built
  }

  /** The layers in Keras's order. */
  get layers(): Layer[] {
    return this.model.layers().map(layerOf)
  }

  /**
   * The layer of the given name.
   *
   * @throws `GLOROT_INVALID`, which lists the names that there are.
   */
  getLayer(name: string): Layer {
    return layerOf(this.model.getLayer(name))
  }

  /** What trains the model, after `compile`. */
  get optimizer(): Optimizer {
    if (this.compiledOptimizer) return this.compiledOptimizer
    throw new Error(`model '${this.name}' has no optimizer yet: call compile({ optimizer, loss })`)
  }

  /** The device that the model is compiled for: `'cpu'`, `'cuda:0'`, `'cuda:0,cuda:1'`. */
  get device(): string | undefined {
    return this.model.device() ?? undefined
  }

  /**
   * What a GPU says of the memory that the model uses and of how its steps are run, for people; `undefined` on the CPU,
   * before the first training or prediction, and while one runs.
   */
  get deviceReport(): string | undefined {
    return this.model.deviceReport() ?? undefined
  }

  override get weights(): Variable[] {
    return this.model.weights().map(weight => new Variable(weight))
  }

  override get trainableWeights(): Variable[] {
    return this.model.trainableWeights().map(weight => new Variable(weight))
  }

  /** Names of the weights with those of their layers, in the order of {@link Model.weights}: `sequential/dense/kernel`. */
  get weightPaths(): string[] {
    return this.model.weightPaths()
  }

  override countParams(): number {
    return this.model.countParams()
  }

  /** Copies of the values of all weights, in Keras's order; in a callback, as the last step left them. */
  override getWeights(): Tensor[] {
    return this.model.getWeights().map(weight => new Tensor(weight))
  }

  /**
   * Replaces the values of all weights (they are copied).
   *
   * @throws `GLOROT_INVALID`, which names the weight, if one does not fit; then nothing is changed.
   */
  override setWeights(values: readonly TensorLike[]): void {
    this.model.setWeights(values.map(value => asTensor(value)))
  }

  /** Tells a sequential model the shape of its input; axis 0 is the batch. */
  override build(shape: number[]): void {
    this.model.build([shape])
  }

  override toJSON(): { class_name: string; config: Record<string, unknown> } {
    return JSON.parse(this.model.toJson())
  }

  /**
   * Prints the layers with output shapes and numbers of parameters, as Keras does.
   *
   * @returns The text.
   */
  summary({ print = console.log, ...options }: SummaryOptions = {}): string {
    const columns = process.stdout.columns
    const text = this.model.summary({ maxLineLength: columns && columns - 4, ...options }).trimEnd()
    print(text)
    return text
  }

  /**
   * Sets how the model is trained and judged. Layers that are frozen now are not trained.
   *
   * @throws `GLOROT_CONFIG`, which names an unknown optimizer, loss, metric or option; `GLOROT_DEVICE`, if there is no
   *   such device.
   */
  compile(options: CompileOptions): void {
    const { spec, optimizer } = compileSpec(options, this.portNames().outputs ?? [this.layers.at(-1)?.name ?? 'output'])
    this.model.compile(spec)
    this.compiledOptimizer = optimizer
  }

  /**
   * Trains the model, on a thread of its own.
   *
   * @param x Samples along the first axis; for several inputs an array, or an object by name. Tensors are not copied:
   *   do not write to them while the model trains.
   * @param y Targets: class numbers, one-hot, or values, as the loss takes them.
   * @throws `GLOROT_CONFIG`: a wrong option; `GLOROT_DATA`: data that do not fit; `GLOROT_NONFINITE_LOSS`;
   *   `GLOROT_BUSY`: the model trains already; `AbortError`. The weights are as the last step left them.
   */
  fit(x: Data, y: Data | undefined, options?: FitOptions): Promise<History>
  /**
   * Trains the model on batches `[x, y]` or `[x, y, sampleWeight]` that come one after the other, as from an asynchronous
   * generator that reads files: for data larger than memory. A few batches are read ahead, no more.
   *
   * Without `stepsPerEpoch` an epoch is one pass; with it an epoch goes on where the last one ended. A generator can be
   * read only once: when it has no more batches, the training ends with a warning.
   */
  fit(batches: Batches, options?: FitBatchesOptions): Promise<History>
  fit(x: Data | Batches, y?: Data | FitBatchesOptions, options: FitOptions = {}): Promise<History> {
    if (isBatches(x)) return fitBatches(this, x, (y as FitBatchesOptions | undefined) ?? options)
    return fit(this, x, y as Data | undefined, options)
  }

  /**
   * Trains the model and tells of it: `for await (const { epoch, step, loss } of net.train(x, y, { epochs: 5 }))`. The
   * training does not wait for the loop; leaving the loop ends the training, within a step. Options and errors as in
   * {@link Model.fit}, silent by default.
   */
  train(x: Data, y: Data | undefined, options: FitOptions = {}): AsyncGenerator<TrainingEvent, History, undefined> {
    return trainingEvents(this, x, y, options)
  }

  /**
   * Trains for some steps with a learning rate that grows exponentially, until the loss explodes, and then puts back the
   * weights, the state of the optimizer and that of the random numbers.
   *
   * @throws As {@link Model.fit}; `GLOROT_CONFIG`, if a schedule sets the learning rate.
   */
  findLearningRate(x: Data, y: Data | undefined, options: FindLearningRateOptions = {}): Promise<LearningRateSearch> {
    return findLearningRate(this, x, y, options)
  }

  /** Loss and metrics over all samples: `{ loss, accuracy }`. Data as in {@link Model.fit}. */
  async evaluate(x: Data, y: Data | undefined, options: EvaluateOptions = {}): Promise<Logs> {
    const { batchSize = 32, sampleWeight, callbacks = [], verbose = 'auto', signal } = options
    const data = samples(x, y, sampleWeight, this.portNames())
    const list = new CallbackList('evaluate', callbacks)
    const start = (shown: boolean, hear: OnEvent) =>
      this.model.evaluate(data, batchSize, shown, list.some(hearsTestSteps), hear)
    const run = { kind: 'Test', passes: 1, callbacks: list, verbose, x: data.x[0], batchSize, signal, start } as const
    return logsOf(await runShown(this, run))
  }

  /** The outputs for all samples: a tensor, or one for each output. In inference mode. */
  predict(x: Data, options: PredictOptions = {}): Promise<Tensor> {
    return this.predictDraws(x, options, undefined)
  }

  /**
   * The outputs for all samples, predicted so many times: `[samples, n, ...]`, or one tensor for each output. Dropout and
   * its kin act as in training, all else (batch normalization) as in inference: Monte Carlo dropout (Gal and Ghahramani,
   * 2016). `(await net.predictSamples(x)).moments(0)` tells how sure the model is.
   */
  async predictSamples(x: Data, options: PredictSamplesOptions = {}): Promise<Tensor> {
    const { samples: draws = 100, ...rest } = options
    if (!Number.isSafeInteger(draws) || draws < 1) {
      throw configError(`predictSamples: option 'samples' must be a whole number of at least 1; received ${draws}`)
    }
    return this.predictDraws(x, rest, draws)
  }

  private async predictDraws(x: Data, options: PredictOptions, draws: number | undefined): Promise<Tensor> {
    const { batchSize = 32, callbacks = [], verbose = 0, signal } = options
    const inputs = tensors('x', x, this.portNames().inputs)
    const list = new CallbackList('predict', callbacks)
    const start = (shown: boolean, hear: OnEvent) =>
      this.model.predict(inputs, batchSize, draws, shown, list.some(hearsPredictSteps), hear)
    const run = {
      kind: 'Predict',
      passes: draws ?? 1,
      callbacks: list,
      verbose,
      x: inputs[0],
      batchSize,
      signal,
      start,
    } as const
    const { outputs = [] } = await runShown(this, run)
    const predictions = outputs.map(output => new Tensor(output))
    return (predictions.length === 1 ? predictions[0] : predictions) as Tensor
  }

  /** One training step on one batch: loss and metrics of the batch before the update. */
  async trainOnBatch(x: Data, y: Data | undefined, options: TrainOnBatchOptions = {}): Promise<Logs> {
    const { sampleWeight, ...rest } = options
    const batch = samples(x, y, sampleWeight, this.portNames())
    const json = toJson('trainOnBatch', rest)
    return logsOf(await runJob(hear => this.model.trainOnBatch(batch, json, hear), undefined))
  }

  /** The outputs for one batch. */
  predictOnBatch(x: Data): Promise<Tensor> {
    const [first] = tensors('x', x, this.portNames().inputs)
    return this.predict(x, { batchSize: Math.max(1, first?.shape[0] ?? 1) })
  }

  /** Loss and metrics of one batch. */
  async testOnBatch(x: Data, y: Data | undefined, options: { sampleWeight?: Data } = {}): Promise<Logs> {
    const batch = samples(x, y, options.sampleWeight, this.portNames())
    return logsOf(await runJob(hear => this.model.testOnBatch(batch, hear), undefined))
  }

  /** @internal Names of inputs and outputs, where they are known. */
  portNames() {
    return {
      inputs: this.model.inputPorts()?.map(port => port.name),
      outputs: this.model.outputPorts()?.map(port => port.name),
    }
  }
}

setModelOf(model => new Model(model))
