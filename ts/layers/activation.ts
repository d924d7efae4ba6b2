import type { ActivationLike } from '../activations/index.js'
import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of the class {@link Activation}. */
export interface ActivationOptions extends LayerOptions {
  /** A function of tensors, an id, or as Keras serializes it. */
  activation: ActivationLike
}

/** An activation function as a layer. */
export class Activation extends Layer {
  static override readonly builtin = 'Activation'

  constructor(options: ActivationOptions) {
    super(options)
  }
}

builtin(Activation)

/** An activation function as a layer: `activation('elu')`. */
export const activation = (activation: ActivationLike, options: LayerOptions = {}) =>
  new Activation({ ...options, activation })
