import { Tensor } from '../tensor.js'
import { cast, sqrt, square, sub } from './elementwise.js'
import { slice } from './movement.js'
import { mean } from './reduce.js'

/** @internal See `Tensor.slice`. */
export function sliceTensor(x: Tensor, begin: number | readonly number[], size?: number | readonly number[]): Tensor {
  const list = (value: number | readonly number[]) => (typeof value === 'number' ? [value] : value)
  const [from, lengths] = [list(begin), size === undefined ? [] : list(size)]
  return rows(x, from, lengths) ?? slice(x, from, lengths)
}

/** What lies along the first axis shares the memory, as typed arrays do. */
function rows(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor | undefined {
  const [count, ...rest] = x.shape
  if (count === undefined || begin.length > 1 || size.length > 1) return undefined
  const [from = 0, given = -1] = [begin[0], size[0]]
  const length = given === -1 ? count - from : given
  if (![from, length].every(Number.isSafeInteger) || from < 0 || length < 0 || from + length > count) return undefined
  const row = rest.reduce((product, dim) => product * dim, 1)
  const values = x.values.subarray(from * row, (from + length) * row)
  return new Tensor({ dtype: x.dtype, shape: [length, ...rest], values })
}

/** @internal See `Tensor.moments`. */
export function tensorMoments(x: Tensor, axis?: number | readonly number[]) {
  const values = cast(x, 'float32')
  const centered = sub(values, mean(values, axis, { keepDims: true }))
  const variance = mean(square(centered), axis)
  return { mean: mean(values, axis), variance, std: sqrt(variance) }
}
