import { inspect } from 'node:util'
import type { ModelTensor as NativeModelTensor } from '../../native/binding.cjs'
import { configError, failure } from '../errors.js'
import { native } from '../native.js'
import type { DType } from '../types.js'
import type { Layer } from './layer.js'

/**
 * A tensor of a model under construction: what {@link input} gives, and what a layer gives that is applied to one. It
 * has a shape without values; {@link model} makes a model of it.
 */
export class ModelTensor {
  /** @internal */
  readonly handle: NativeModelTensor
  /** @internal What it was computed from; keeps layers written in JavaScript alive. */
  readonly source: { layer: Layer; inputs: readonly ModelTensor[] }

  /** @internal */
  constructor(handle: NativeModelTensor, source: { layer: Layer; inputs: readonly ModelTensor[] }) {
    if (!(handle instanceof native.ModelTensor)) {
      throw configError('ModelTensor: they come of input({ shape }) and of layers that are applied to them')
    }
    this.handle = handle
    this.source = source
  }

  /** Lengths of the axes, the batch first; `null` is any length. */
  get shape(): (number | null)[] {
    return this.handle.shape.map(dim => dim ?? null)
  }

  get dtype(): DType {
    return this.handle.dtype
  }

  /** The layer that gives it. */
  get layer(): Layer {
    return this.source.layer
  }

  /** Operators of JavaScript cannot compute with it. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this[inspect.custom]()
    throw failure('GLOROT_INVALID', 'a tensor of a model has no value: apply layers to it, as layers.add()')
  }

  [inspect.custom](): string {
    return `ModelTensor ${this.dtype} [${this.shape.map(dim => dim ?? 'null').join(', ')}] of '${this.layer.name}'`
  }
}
