import { builtin, Layer, type LayerOptions } from './layer.js'

/** The sum of two or more inputs, whose shapes must be equal or broadcast. */
export class Add extends Layer {
  static override readonly builtin = 'Add'
}

builtin(Add)

/** The sum of two or more inputs: `layers.add().apply([x, y])`. */
export const add = (options?: LayerOptions) => new Add(options)
