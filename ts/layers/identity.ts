import { builtin, Layer, type LayerOptions } from './layer.js'

/** The inputs as they are. */
export class Identity extends Layer {
  static override readonly builtin: string = 'Identity'

  constructor(options: LayerOptions = {}) {
    super(options)
  }
}

builtin(Identity)

/** The inputs as they are. */
export const identity = (options?: LayerOptions) => new Identity(options)
