import { Layer } from '../layers/layer.js'
import { ModelTensor } from '../layers/model-tensor.js'
import { native } from '../native.js'
import { Model } from './model.js'

/** Options of {@link sequential} and {@link model}. */
export interface ModelOptions {
  /** Default: `sequential` or `functional`, and a number. */
  name?: string
}

/** A model of layers that follow one another. */
export class Sequential extends Model {
  /** Appends a layer. */
  add(layer: Layer): void {
    this.model.add(layer.handle)
    this.held = [this.held, this.layers]
  }

  /** Removes the last layer. */
  pop(): Layer {
    const layer = this.layers.at(-1) as Layer
    this.model.pop()
    this.held = [this.held, this.layers]
    return layer
  }
}

/**
 * A model of layers that follow one another.
 *
 * @param layers The first may be an `input()`, have an `inputShape`, or be left without: then the weights are made when
 *   data first arrives.
 * @throws `GLOROT_SHAPE`, which names the layer that cannot take what the one before gives.
 */
export function sequential(layers: readonly (Layer | ModelTensor)[] = [], { name }: ModelOptions = {}): Sequential {
  const list = layers.map(layer => (layer instanceof ModelTensor ? layer.layer : layer))
  for (const [i, layer] of list.entries()) {
    if (!(layer instanceof Layer)) throw new TypeError(`sequential: expected layers, received ${typeof layer} at ${i}`)
  }
  const handles = list.map(layer => layer.handle)
  return new Sequential(native.Model.sequential(handles, name), list)
}
