import { join } from 'node:path'
import type { EventWriter } from '../../native/binding.cjs'
import type { Logs } from '../models/history.js'
import { native } from '../native.js'
import { toJson } from '../serialize.js'
import { type Tensor, tensor } from '../tensor.js'
import { Variable } from '../variable.js'
import { Callback } from './callback.js'
import { either, flag, integer, type Option, oneOf, optional, readOptions, text } from './options.js'

/** Hyperparameters by name. */
export type HParams = Readonly<Record<string, boolean | number | string>>

/** Options of {@link tensorBoard}. */
export interface TensorBoardOptions {
  /** The log folder: one for each training that is to be compared. Default: `'logs'`. */
  logDir?: string
  /** Histograms of weights and gradients at the end of every so many epochs; 0: none. Default: 0. */
  histogramFreq?: number
  /** Write the model for the Graphs tab. Default: `true`. */
  writeGraph?: boolean
  /** Write values at the end of each epoch alone, or of each step, or of every so many steps too. Default: `'epoch'`. */
  updateFreq?: 'epoch' | 'batch' | number
  /** Write the norms of the gradients of each weight and each layer. Default: `false`. */
  gradientNorms?: boolean
  /** Hyperparameters, which make the training a row of the HParams tab. Default: none. */
  hparams?: HParams | null
}

const object: Option<HParams> = {
  fallback: {},
  expected: 'an object of booleans, numbers and strings',
  fits: value =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(v => ['boolean', 'number', 'string'].includes(typeof v) && !Number.isNaN(v)),
}

const known = {
  logDir: text('logs'),
  histogramFreq: integer(0, { min: 0 }),
  writeGraph: flag(true),
  updateFreq: either(oneOf<'epoch' | 'batch'>('epoch', 'batch'), integer(1, { min: 1 })),
  gradientNorms: flag(false),
  hparams: optional(object),
}

/**
 * Writes event files for TensorBoard, with runs, tags and steps as Keras names them: `epoch_loss` in the runs `train` and
 * `validation`, `epoch_learning_rate`, `batch_loss`, `evaluation_loss_vs_iterations`, `<model>/<layer>/<weight>/histogram`.
 * What Keras does not have is beside it: `…/<weight>/gradient/histogram` (gradients of the last step of the epoch), and
 * `…/<weight>/gradient_norm` and `…/<layer>/gradient_norm`: the norm of the gradient of the loss with its penalties,
 * before any clipping, as the root mean square over the steps of the epoch.
 */
export class TensorBoard extends Callback {
  private readonly options: ReturnType<typeof readOptions<typeof known>>
  private readonly writers = new Map<string, EventWriter>()
  private training = false
  private steps = 0

  constructor(options?: TensorBoardOptions) {
    super()
    this.options = readOptions('tensorBoard', options, known)
    // Only now does the callback hear of steps, which costs time.
    if (this.options.updateFreq !== 'epoch') this.onTrainBatchEnd = this.writeStep
  }

  /** @internal What the training must keep of its gradients. */
  get keeps(): { norms: boolean; values: boolean } {
    return { norms: this.options.gradientNorms, values: this.options.histogramFreq > 0 }
  }

  /** Adds Markdown to the Text tab. */
  text(tag: string, markdown: string, step = 0): void {
    this.writer('train').text(tag, step, [markdown])
  }

  /** Adds a value to a series. */
  scalar(tag: string, value: number, step: number): void {
    this.writer('train').scalar(tag, step, value)
  }

  override getState(): { steps: number } {
    return { steps: this.steps }
  }

  override setState({ steps }: { steps: number }): void {
    this.steps = steps
  }

  override onTrainBegin(): void {
    const { writeGraph, hparams } = this.options
    this.training = true
    this.steps = 0
    if (writeGraph) this.writer('train').kerasModel(JSON.stringify(this.model.toJSON()))
    if (hparams) this.writer('').hparams(toJson('tensorBoard', hparams))
    this.flush()
  }

  override onTrainEnd(): void {
    this.training = false
    if (this.options.hparams) this.writer('').hparamsEnd()
    this.flush()
    // The next training writes files of its own.
    this.writers.clear()
  }

  override onEpochBegin(): void {
    if (!this.options.gradientNorms) return
    const { squares, steps } = this.model.model.keptGradients()
    for (const variable of [squares, steps]) variable.assign(zeros(variable.shape))
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    const values = { ...logs, learningRate: this.model.optimizer.learningRate }
    for (const [name, value] of Object.entries(values)) {
      const { run, tag } = native.epochSeries(name)
      this.writer(run).scalar(tag, epoch, value)
    }
    const { histogramFreq, gradientNorms } = this.options
    if (gradientNorms) this.writeNorms(epoch)
    if (histogramFreq > 0 && epoch % histogramFreq === 0) this.writeHistograms(epoch)
    this.flush()
  }

  override onTestEnd(logs: Logs): void {
    const writer = this.writer('validation')
    for (const [name, value] of Object.entries(logs)) {
      const tag = native.batchSeries(name).tag.replace(/^batch_/, '')
      writer.scalar(`evaluation_${tag}_vs_iterations`, this.model.optimizer.iterations, value)
    }
    if (this.training) return
    this.flush()
    this.writers.clear()
  }

  private writeStep(_batch: number, logs: Logs): void {
    const { updateFreq } = this.options
    if (++this.steps % (updateFreq === 'batch' ? 1 : (updateFreq as number)) !== 0) return
    for (const [name, value] of Object.entries(logs)) {
      const { run, tag } = native.batchSeries(name)
      this.writer(run).scalar(tag, this.steps, value)
    }
  }

  private writeNorms(epoch: number): void {
    const kept = this.model.model.keptGradients()
    const squares = new Variable(kept.squares).value().data()
    const steps = new Variable(kept.steps).value().item()
    const paths = this.model.weightPaths
    const layers = new Map<string, number>()
    for (const [i, number] of kept.weights.entries()) {
      const path = paths[number] as string
      const square = (squares[i] as number) / steps
      this.scalar(`${path}/gradient_norm`, Math.sqrt(square), epoch)
      const layer = path.slice(0, path.lastIndexOf('/'))
      layers.set(layer, (layers.get(layer) ?? 0) + square)
    }
    for (const [layer, square] of layers) this.scalar(`${layer}/gradient_norm`, Math.sqrt(square), epoch)
  }

  private writeHistograms(epoch: number): void {
    const writer = this.writer('train')
    const paths = this.model.weightPaths
    for (const [i, weight] of this.model.getWeights().entries()) {
      if (weight.dtype === 'float32') writer.histogram(`${paths[i]}/histogram`, epoch, weight)
    }
    const kept = this.model.model.keptGradients()
    for (const [i, number] of kept.weights.entries()) {
      const gradient = kept.values[i]
      if (gradient) writer.histogram(`${paths[number]}/gradient/histogram`, epoch, gradient.value())
    }
  }

  /** The writer of a run; its file is made when there is something to write. */
  private writer(run: string): EventWriter {
    const writer = this.writers.get(run) ?? new native.EventWriter(join(this.options.logDir, run))
    this.writers.set(run, writer)
    return writer
  }

  private flush(): void {
    for (const writer of this.writers.values()) writer.flush()
  }
}

const zeros = (shape: number[]): Tensor => {
  const size = shape.reduce((product, length) => product * length, 1)
  return tensor(new Float32Array(size), shape)
}

/** Writes event files for TensorBoard: `tensorboard --logdir logs` shows them. */
export const tensorBoard = (options?: TensorBoardOptions) => new TensorBoard(options)
