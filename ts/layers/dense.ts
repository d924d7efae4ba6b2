import type { ActivationLike } from '../activations/index.js'
import type { InitializerLike } from '../initializers/index.js'
import type { BiasOptions, KernelOptions } from './kernel-options.js'
import { builtin, Layer } from './layer.js'

/** Options of {@link dense}. */
export interface DenseOptions extends BiasOptions, KernelOptions {
  /** Length of the last axis of the output; at least 1. */
  units: number
  /** Default: none (linear). */
  activation?: ActivationLike | null
  /** Whether there is a bias. Default: `true`. */
  useBias?: boolean
  /** First values of `kernel` `[inputs, units]`. Default: `'glorotUniform'`. */
  kernelInitializer?: InitializerLike
  /** First values of `bias` `[units]`. Default: `'zeros'`. */
  biasInitializer?: InitializerLike
}

/** `activation(x · kernel + bias)` over the last axis: `[batch, …, inputs]` to `[batch, …, units]`. */
export class Dense extends Layer {
  static override readonly builtin = 'Dense'

  constructor(options: DenseOptions) {
    super(options)
  }
}

builtin(Dense)

/** `activation(x · kernel + bias)` over the last axis: `[batch, …, inputs]` to `[batch, …, units]`. */
export const dense = (options: DenseOptions) => new Dense(options)
