import type { Model as NativeModel } from '../../native/binding.cjs'
import { flag, integer, type Option, optional, readOptions } from '../callbacks/options.js'
import { configError, prefixed, shown } from '../errors.js'
import { type LoadWeightsOptions, loadWeights } from '../files/load-weights.js'
import { type SaveOptions, type SaveWeightsOptions, saveModel, saveWeights } from '../files/save.js'
import { checkFlag, configJson, Layer, shapesOf } from '../layers/layer.js'
import { layerOf, modelTensor } from '../layers/layer-of.js'
import type { ModelTensor } from '../layers/model-tensor.js'
import { native } from '../native.js'
import type { Optimizer } from '../optimizers/index.js'
import { isPlainObject, toJson } from '../serialize.js'
import { asTensor, Tensor, type TensorLike } from '../tensor.js'
import { Variable } from '../variable.js'
import { type Batches, isBatches } from './batches.js'
import { refuseWhileTraining } from './busy.js'
import * as given from './call-options.js'
import { type CompileOptions, compileSpec } from './compile.js'
import { type Data, samples, tensors } from './data.js'
import { type EvaluateOptions, evaluate } from './evaluate.js'
import { type FindLearningRateOptions, findLearningRate, type LearningRateSearch } from './find-learning-rate.js'
import { type FitOptions, fit } from './fit.js'
import { type FitBatchesOptions, fitBatches } from './fit-batches.js'
import type { History, Logs } from './history.js'
import { logsOf, runJob } from './job.js'
import { type PredictOptions, type PredictSamplesOptions, predict, predictSamples } from './predict.js'
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

/** How to train on one batch. */
export interface TrainOnBatchOptions {
  /** Weights of the samples: `[n]`, or one for each output. */
  sampleWeight?: Data
  /** Weights of the samples by class; others weigh 1. Not beside `sampleWeight`, as in Keras. */
  classWeight?: Readonly<Record<number, number>>
  /** Whether loss and metrics are those of this batch alone, or of all since the last reset. Default: `true`. */
  resetMetrics?: boolean
}

/** How to evaluate one batch. */
export type TestOnBatchOptions = Omit<TrainOnBatchOptions, 'classWeight'>

const summaryOptions = {
  lineLength: optional(integer(88, { min: 1, max: 1000 })),
  expandNested: flag(false),
  showTrainable: flag(false),
  print: {
    fallback: (text: string) => console.log(text),
    expected: 'a function of a text',
    fits: value => typeof value === 'function',
  } as Option<(text: string) => void>,
}

const batchOptions = { sampleWeight: given.data, resetMetrics: flag(true) }

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
  /** @internal How the model was compiled. */
  compiled: { readonly options: CompileOptions; readonly optimizer: Optimizer } | undefined
  /** Layers and functions written in JavaScript live as long as their objects. */
  protected held: unknown

  /** @internal */
  constructor(model: NativeModel, held?: unknown) {
    if (!(model instanceof native.Model))
      throw configError('Model: make models with sequential(layers) or model({ inputs, outputs })')
    super({}, model.asLayer())
    this.model = model
    this.held = [held, this.layers]
  }

  override get trainable(): boolean {
    return this.model.trainable
  }

  override set trainable(trainable: boolean) {
    this.model.trainable = checkFlag(`model '${this.name}'`, 'trainable', trainable)
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
   * The inputs, for another model: `model({ inputs: net.inputs, outputs: net.getLayer('hidden').output })` computes
   * what a hidden layer gives.
   *
   * @throws `GLOROT_INVALID` of a sequential model that does not know its input yet.
   */
  get inputs(): ModelTensor[] {
    return this.model.inputs().map(modelTensor)
  }

  /** The outputs, as {@link Model.inputs}. */
  get outputs(): ModelTensor[] {
    return this.model.outputs().map(modelTensor)
  }

  /** The input, or an array of several. */
  override get input(): ModelTensor {
    return oneOrAll(this.inputs)
  }

  /** The output, or an array of several. */
  override get output(): ModelTensor {
    return oneOrAll(this.outputs)
  }

  /**
   * The layer of the given name.
   *
   * @throws `GLOROT_INVALID`, which lists the names that there are.
   */
  getLayer(name: string): Layer {
    if (typeof name !== 'string')
      throw configError(`model '${this.name}': getLayer: expected a name; received ${shown(name)}`)
    return layerOf(this.model.getLayer(name))
  }

  /** What trains the model, after `compile`. */
  get optimizer(): Optimizer {
    if (this.compiled) return this.compiled.optimizer
    throw configError(`model '${this.name}' has no optimizer yet: call compile({ optimizer, loss })`)
  }

  /** The device that the model is compiled for: `'cpu'`, `'cuda:0'`, `'cuda:0,cuda:1'`. */
  get device(): string | undefined {
    return this.model.device() ?? undefined
  }

  /**
   * What a GPU says of the memory that the model uses and of how its steps are run, for people; while a training runs, as
   * it was before the first step. `undefined` on the CPU, and before the first training or prediction.
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
    const owner = `model '${this.name}': setWeights`
    if (!Array.isArray(values)) throw configError(`${owner}: expected an array of tensors; received ${shown(values)}`)
    this.model.setWeights(values.map((value, i) => prefixed(`${owner}: value ${i}`, () => asTensor(value))))
  }

  /** Tells a sequential model the shape of its input; axis 0 is the batch. */
  override build(shape: (number | null)[]): void {
    this.model.build(shapesOf(`model '${this.name}'`, shape as number[]))
  }

  /**
   * Writes the whole model as Keras reads it: `.keras`, or `.h5` by the end of the name. How it was compiled and the state
   * of its optimizer are part of it, and what a training needs to continue exactly. The file takes the place of one that
   * exists once it is complete.
   *
   * @throws `GLOROT_CONFIG`: a wrong name or option; `GLOROT_FILE`: the file cannot be written.
   */
  save(path: string, options?: SaveOptions): Promise<void> {
    return saveModel(this, path, options)
  }

  /**
   * Writes the weights alone: `.weights.h5`, which Keras reads, or `.safetensors` by the end of the name.
   *
   * @throws As {@link Model.save}.
   */
  saveWeights(path: string, options?: SaveWeightsOptions): Promise<void> {
    return saveWeights(this, path, options)
  }

  /**
   * Reads weights: of `.keras`, `.h5` and `.weights.h5` files of Keras 3 and 2, or of a `.safetensors` file. Either all are
   * replaced or, at an error, none.
   *
   * @returns What `skipMismatch` left as it was, a line for each layer or weight.
   * @throws `GLOROT_FILE`: the file cannot be read; `GLOROT_INVALID`, which names the layer: weights that do not fit, or that
   *   are NaN; `GLOROT_CONFIG`: a wrong option, or the model has no weights yet.
   */
  loadWeights(path: string, options?: LoadWeightsOptions): Promise<string[]> {
    return loadWeights(this, path, options)
  }

  override toJSON(): { class_name: string; config: Record<string, unknown> } {
    for (const layer of this.layers) if (layer.isCustom) configJson(layer)
    return JSON.parse(this.model.toJson())
  }

  /**
   * Prints the layers with output shapes and numbers of parameters, as Keras does.
   *
   * @returns The text.
   */
  summary(options: SummaryOptions = {}): string {
    const { print, lineLength, ...others } = readOptions('summary', options, summaryOptions)
    const columns = process.stdout.columns
    const widths = { maxLineLength: columns && columns - 4, lineLength: lineLength ?? undefined }
    const text = this.model.summary({ ...widths, ...others }).trimEnd()
    print(text)
    return text
  }

  /**
   * Sets how the model is trained and judged. Layers that are frozen now are not trained.
   *
   * @throws `GLOROT_CONFIG`, which names an unknown optimizer, loss, metric or option; `GLOROT_DEVICE`, if there is no
   *   such device; `GLOROT_BUSY` while the model trains.
   */
  compile(options: CompileOptions): void {
    refuseWhileTraining(this, 'compile it')
    const { spec, optimizer } = compileSpec(options, this.portNames().outputs ?? [this.layers.at(-1)?.name ?? 'output'])
    const problem = this.model.compile(spec)
    if (problem) process.emitWarning(`compile: the model runs on the CPU: ${problem}`)
    this.compiled = { options, optimizer }
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
    if (isBatches(x)) return fitBatches(this, x, optionsOf('fit', y, options) as FitBatchesOptions)
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

  /**
   * Loss and metrics over all samples, or over batches `[x, y]` or `[x, y, sampleWeight]` that come one after the other:
   * `{ loss, accuracy }`. Data and errors as in {@link Model.fit}.
   */
  evaluate(x: Data, y: Data | undefined, options?: EvaluateOptions): Promise<Logs>
  evaluate(batches: Batches, options?: Omit<EvaluateOptions, 'batchSize' | 'sampleWeight'>): Promise<Logs>
  async evaluate(x: Data | Batches, y?: Data | EvaluateOptions, options?: EvaluateOptions): Promise<Logs> {
    if (isBatches(x)) return evaluate(this, x, undefined, optionsOf('evaluate', y, options ?? {}))
    return evaluate(this, x, y as Data | undefined, options ?? {})
  }

  /**
   * The outputs for all samples, or for batches that come one after the other: a tensor, or one for each output. In
   * inference mode.
   */
  async predict(x: Data | Batches, options: PredictOptions = {}): Promise<Tensor> {
    return predict(this, x, options)
  }

  /**
   * The outputs for all samples, predicted so many times: `[samples, n, ...]`, or one tensor for each output. Dropout and
   * its kin act as in training, all else (batch normalization) as in inference: Monte Carlo dropout (Gal and Ghahramani,
   * 2016). `(await net.predictSamples(x)).moments(0)` tells how sure the model is.
   */
  async predictSamples(x: Data, options: PredictSamplesOptions = {}): Promise<Tensor> {
    return predictSamples(this, x, options)
  }

  /** One training step on one batch: loss and metrics of the batch before the update. */
  async trainOnBatch(x: Data, y: Data | undefined, options: TrainOnBatchOptions = {}): Promise<Logs> {
    refuseWhileTraining(this, 'train on a batch')
    const known = { ...batchOptions, classWeight: given.classWeight }
    const { sampleWeight, ...rest } = readOptions('trainOnBatch', options, known)
    const batch = samples(x, y, sampleWeight, this.portNames())
    const json = toJson('trainOnBatch', rest)
    return logsOf(await runJob(hear => this.model.trainOnBatch(batch, json, hear), undefined))
  }

  /**
   * The outputs for all samples, computed before the call returns: for a few samples, where starting a job on another
   * thread would take longer than the network. The event loop waits meanwhile.
   *
   * @param options `batchSize`: samples a step. Default: 32.
   * @throws As {@link Model.fit}; `GLOROT_BUSY`, if other jobs use the model.
   */
  predictSync(x: Data, options: { batchSize?: number } = {}): Tensor {
    const inputs = tensors('x', x, this.portNames().inputs)
    const most = Math.min(32, Math.max(1, inputs[0]?.shape[0] ?? 1))
    const { batchSize } = readOptions('predictSync', options, { batchSize: integer(most, { min: 1 }) })
    const outputs = this.model.predictSync(inputs, batchSize).map(output => new Tensor(output))
    return (outputs.length === 1 ? outputs[0] : outputs) as Tensor
  }

  /** The outputs for one batch. */
  async predictOnBatch(x: Data): Promise<Tensor> {
    const [first] = tensors('x', x, this.portNames().inputs)
    return this.predict(x, { batchSize: Math.max(1, first?.shape[0] ?? 1) })
  }

  /** Loss and metrics of one batch. */
  async testOnBatch(x: Data, y: Data | undefined, options: TestOnBatchOptions = {}): Promise<Logs> {
    const { sampleWeight, resetMetrics } = readOptions('testOnBatch', options, batchOptions)
    const batch = samples(x, y, sampleWeight, this.portNames())
    return logsOf(await runJob(hear => this.model.testOnBatch(batch, resetMetrics, hear), undefined))
  }

  /** @internal Names of inputs and outputs, where they are known. */
  portNames() {
    return {
      inputs: this.model.inputPorts()?.map(port => port.name),
      outputs: this.model.outputPorts()?.map(port => port.name),
    }
  }
}

/** The options of a call on batches, which have the targets with them. */
function optionsOf(method: string, second: unknown, third: object): object {
  if (second == null) return third
  if (isPlainObject(second)) return second
  const expected = 'batches [x, y] have the targets with them: only options may follow'
  throw configError(`${method}: ${expected}; received ${shown(second)}`)
}

/** One tensor is passed as it is, several as an array. */
const oneOrAll = (tensors: ModelTensor[]): ModelTensor => (tensors.length === 1 ? tensors[0] : tensors) as ModelTensor
