import type { Tensor } from '../tensor.js'
import { cast, sqrt, square, sub } from './elementwise.js'
import { slice } from './movement.js'
import { mean } from './reduce.js'

/** @internal See `Tensor.slice`. */
export function sliceTensor(x: Tensor, begin: number | readonly number[], size?: number | readonly number[]): Tensor {
  const list = (value: number | readonly number[]) => (typeof value === 'number' ? [value] : value)
  return slice(x, list(begin), size === undefined ? undefined : list(size))
}

/** @internal See `Tensor.moments`. */
export function tensorMoments(x: Tensor, axis?: number | readonly number[]) {
  const values = cast(x, 'float32')
  const centered = sub(values, mean(values, axis, { keepDims: true }))
  const variance = mean(square(centered), axis)
  return { mean: mean(values, axis), variance, std: sqrt(variance) }
}
