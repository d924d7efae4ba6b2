import { builtin, Layer, type LayerOptions } from './layer.js'

/** Options of {@link activityRegularization}. */
export interface ActivityRegularizationOptions extends LayerOptions {
  /** Factor of the sum of absolute values; at least 0. Default: 0. */
  l1?: number
  /** Factor of the sum of squares; at least 0. Default: 0. */
  l2?: number
}

/** The identity, which adds `l1 * sum(|x|) + l2 * sum(x²)`, divided by the number of samples, to the loss. */
export class ActivityRegularization extends Layer {
  static override readonly builtin: string = 'ActivityRegularization'

  constructor(options: ActivityRegularizationOptions = {}) {
    super(options)
  }
}

builtin(ActivityRegularization)

/** The identity, which adds `l1 * sum(|x|) + l2 * sum(x²)`, divided by the number of samples, to the loss. */
export const activityRegularization = (options?: ActivityRegularizationOptions) => new ActivityRegularization(options)
