import type { ActivationLike } from '../activations/index.js'
import type { ConstraintLike } from '../constraints/index.js'
import type { InitializerLike } from '../initializers/index.js'
import type { RegularizerLike } from '../regularizers/index.js'
import type { DataFormat } from './data-format.js'
import type { BiasOptions, KernelOptions } from './kernel-options.js'

/** What all convolutions have: windows that slide over the spatial axes, a bias and an activation. */
export interface SlidingOptions<Size> extends BiasOptions {
  /** Size of the windows; at least 1. */
  kernelSize: Size
  /** Steps between windows. Default: 1. */
  strides?: Size
  /**
   * `'valid'`: only whole windows. `'same'`: zeros around, so that there are `ceil(length / stride)` windows.
   * Default: `'valid'`.
   */
  padding?: 'valid' | 'same'
  /** Distance of a window's elements. Default: 1, neighbours. */
  dilationRate?: Size
  /** Default: `'channelsLast'`. */
  dataFormat?: DataFormat
  /** Default: none (linear). */
  activation?: ActivationLike | null
  /** Whether there is a bias. Default: `true`. */
  useBias?: boolean
}

/** Options of convolutions over all channels. */
export interface ConvOptions<Size> extends SlidingOptions<Size>, KernelOptions {
  /** Number of channels of the output; at least 1. */
  filters: number
  /** Blocks of channels that see only themselves; channels and filters must be multiples. Default: 1. */
  groups?: number
  /** First values of `kernel` `[...kernelSize, channels / groups, filters]`. Default: `'glorotUniform'`. */
  kernelInitializer?: InitializerLike
}

/** Options of transposed convolutions. */
export interface ConvTransposeOptions<Size> extends Omit<SlidingOptions<Size>, 'padding'>, KernelOptions {
  /** Number of channels of the output; at least 1. */
  filters: number
  /**
   * `'valid'`: axes of `(length - 1) * stride + max(kernelSize, stride)`. `'same'`: axes of `length * stride`.
   * Default: `'valid'`.
   */
  padding?: 'valid' | 'same'
  /**
   * How much longer the axes are than `(length - 1) * stride + kernelSize`, or under `'same'` than `(length - 1) * stride +
   * kernelSize % 2`; less than the stride. Default: what `padding` says.
   */
  outputPadding?: Size | null
  /** First values of `kernel` `[...kernelSize, filters, channels]`. Default: `'glorotUniform'`. */
  kernelInitializer?: InitializerLike
}

/** Options of convolutions of each channel by itself. */
export interface DepthwiseConvOptions<Size> extends SlidingOptions<Size> {
  /** Number of results of each channel; at least 1. Default: 1. */
  depthMultiplier?: number
  /** First values of the kernel `[...kernelSize, channels, depthMultiplier]`. Default: `'glorotUniform'`. */
  depthwiseInitializer?: InitializerLike
  /** Default: none. */
  depthwiseRegularizer?: RegularizerLike | null
  /** Default: none. */
  depthwiseConstraint?: ConstraintLike | null
}

/** Options of separable convolutions. */
export interface SeparableConvOptions<Size> extends DepthwiseConvOptions<Size> {
  /** Number of channels of the output; at least 1. */
  filters: number
  /** First values of `pointwise_kernel` `[1, …, channels * depthMultiplier, filters]`. Default: `'glorotUniform'`. */
  pointwiseInitializer?: InitializerLike
  /** Default: none. */
  pointwiseRegularizer?: RegularizerLike | null
  /** Default: none. */
  pointwiseConstraint?: ConstraintLike | null
}
