import { configError, shown } from '../errors.js'
import { refuseFactory } from '../factories.js'
import { Layer } from '../layers/layer.js'
import { setModelOf } from '../layers/layer-of.js'
import { ModelTensor } from '../layers/model-tensor.js'
import { readName } from '../layers/name.js'
import { native } from '../native.js'
import { refuseWhileTraining } from './busy.js'
import { Model } from './model.js'

/** Options of {@link sequential} and {@link model}. */
export interface ModelOptions {
  /** Default: `sequential` or `functional`, and a number. */
  name?: string
}

/** A model of layers that follow one another. */
export class Sequential extends Model {
  /**
   * Appends a layer.
   *
   * @throws `GLOROT_SHAPE`, which names it, if it cannot take what the last one gives; `GLOROT_BUSY` while the model trains.
   */
  add(layer: Layer | ModelTensor): void {
    refuseWhileTraining(this, 'change its layers')
    const [added] = layersOf('add', [layer])
    this.model.add((added as Layer).handle)
    this.held = [this.held, this.layers]
  }

  /**
   * Removes the last layer.
   *
   * @throws `GLOROT_INVALID`, if there is none; `GLOROT_BUSY` while the model trains.
   */
  pop(): Layer {
    refuseWhileTraining(this, 'change its layers')
    const layer = this.layers.at(-1) as Layer
    this.model.pop()
    this.held = [this.held, this.layers]
    return layer
  }
}

// Here, because only here both classes are known.
setModelOf((model, held) =>
  model.asLayer().className === 'Sequential' ? new Sequential(model, held) : new Model(model, held),
)

/**
 * A model of layers that follow one another.
 *
 * @param layers The first may be an `input()`, have an `inputShape`, or be a layer of another model; otherwise the weights
 *   are made when data first arrives.
 * @throws `GLOROT_SHAPE`, which names the layer that cannot take what the one before gives; `GLOROT_CONFIG`.
 */
export function sequential(layers: readonly (Layer | ModelTensor)[] = [], options: ModelOptions = {}): Sequential {
  const name = readName('sequential', options)
  const list = layersOf('sequential', layers)
  const handles = list.map(layer => layer.handle)
  return new Sequential(native.Model.sequential(handles, name), list)
}

/** @throws `GLOROT_CONFIG` for anything else than layers and inputs. */
function layersOf(method: string, layers: unknown): Layer[] {
  if (!Array.isArray(layers)) {
    throw configError(`${method}: expected an array of layers; received ${shown(layers)}`)
  }
  return layers.map((given, i) => {
    refuseFactory(method, '', given)
    const layer = given instanceof ModelTensor ? given.layer : given
    if (layer instanceof Layer) return layer
    throw configError(`${method}: expected layers; received ${shown(layer)} at ${i}`)
  })
}
