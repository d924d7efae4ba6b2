import type { ActivationLike } from '../activations/index.js'
import type { InitializerLike } from '../initializers/index.js'
import type { BiasOptions, KernelOptions } from './kernel-options.js'
import { builtin, Layer } from './layer.js'

/** Options of {@link einsumDense}. */
export interface EinsumDenseOptions extends BiasOptions, KernelOptions {
  /**
   * A letter for each axis of inputs, kernel and outputs, as in `ops.einsum`: `'ab,bc->ac'`, `'...ab,bc->...ac'` or
   * `'ab...,bc->ac...'`. The first axis of inputs and outputs is the batch.
   */
  equation: string
  /**
   * Lengths of the outputs' axes that have a letter, without the batch; `null` where the inputs tell. A number is a list of
   * one.
   */
  outputShape: number | readonly (number | null)[]
  /** Default: none (linear). */
  activation?: ActivationLike | null
  /** The axes of the outputs along which there is a bias: `'c'`. Default: no bias. */
  biasAxes?: string | null
  /**
   * First values of `kernel`. Default: `'glorotUniform'`. Those that scale with fan-in and fan-out take the axes that are summed
   * for inputs, the others for outputs.
   */
  kernelInitializer?: InitializerLike
}

/** `activation(einsum(equation, x, kernel) + bias)`: a dense layer between any axes. */
export class EinsumDense extends Layer {
  static override readonly builtin = 'EinsumDense'

  constructor(options: EinsumDenseOptions) {
    super(options)
  }
}

builtin(EinsumDense)

/**
 * `activation(einsum(equation, x, kernel) + bias)`: a dense layer between any axes. With
 * `{ equation: 'abc,cd->abd', outputShape: [null, 64], biasAxes: 'd' }` it is `dense({ units: 64 })` for sequences.
 */
export const einsumDense = (options: EinsumDenseOptions) => new EinsumDense(options)
