// What the fixtures name that is not of the library.
import { layers, type models, ops, type Shape, type SymbolicTensor, type Variable } from 'glorot'

interface SwooshOptions extends layers.LayerOptions {
  firstValue?: number
}

/** `x sigmoid(first_value alpha x)`. */
export class Swoosh extends layers.Layer {
  private alpha!: Variable
  private readonly firstValue: number

  constructor({ firstValue = 1, ...options }: SwooshOptions = {}) {
    super(options)
    this.firstValue = firstValue
  }

  override build(shape: Shape) {
    this.alpha = this.addWeight('alpha', [shape.at(-1) as number], { initializer: 'ones' })
  }

  override call(x: SymbolicTensor) {
    return ops.mul(x, ops.sigmoid(ops.mul(ops.mul(this.alpha, this.firstValue), x)))
  }

  override getConfig() {
    return { ...super.getConfig(), firstValue: this.firstValue }
  }
}

/** Dropout that drops outside of training too. */
export class MCDropout extends layers.Dropout {
  override call(x: SymbolicTensor) {
    return super.call(x, { training: true })
  }
}

type Function = (yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor

export const squared: Function = (yTrue, yPred) => ops.mean(ops.square(ops.sub(yTrue, yPred)))

export const largest: Function = (yTrue, yPred) => ops.max(ops.abs(ops.sub(yTrue, yPred)), -1)

export const objects: models.CustomObjects = { Swoosh, MCDropout, squared, largest }
