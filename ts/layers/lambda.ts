import { configError, shown } from '../errors.js'
import type { SymbolicTensor } from '../symbolic.js'
import { type CallContext, Layer, type LayerOptions } from './layer.js'

/** A function of one tensor, or of an array of several, written with {@link ops}. */
export type LambdaFunction = (
  x: SymbolicTensor & SymbolicTensor[],
  options: CallContext,
) => SymbolicTensor | SymbolicTensor[]

/**
 * A function as a layer. It has no weights of its own: layers and variables that the function uses are not part of the
 * layer, nor of its model; extend {@link Layer} where there are some.
 */
export class Lambda extends Layer {
  private readonly function: LambdaFunction

  /** @throws `GLOROT_CONFIG`, if there is no function. */
  constructor(compute: LambdaFunction, options: LayerOptions = {}) {
    if (typeof compute !== 'function') {
      throw configError(`Lambda: expected a function of tensors, as x => ops.square(x); received ${shown(compute)}`)
    }
    super(options)
    this.function = compute
  }

  override call(x: SymbolicTensor | SymbolicTensor[], options: CallContext = {}) {
    return this.function(x as SymbolicTensor & SymbolicTensor[], options)
  }

  /** The function by its name alone: a model with such a layer can be made again only where the function is. */
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), function: this.function.name || 'anonymous' }
  }
}

/**
 * A function as a layer: `lambda(x => ops.square(x))`. It is called while a model is traced, and runs at native speed,
 * with gradients.
 */
export const lambda = (compute: LambdaFunction, options?: LayerOptions) => new Lambda(compute, options)
