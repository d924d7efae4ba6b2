import { grad, ops, tensor, variable } from 'glorot'
import { expect, test } from 'vitest'
import { failure } from './data.js'

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
])

test('clip', () => {
  expect(ops.clip(x, 2, 4.5).toArray()).toEqual([
    [2, 2, 3],
    [4, 4.5, 4.5],
  ])
  const [slopes] = grad(x => ops.sum(ops.clip(x, 2.5, 4.5)))(x)
  expect(slopes?.toArray()).toEqual([
    [0, 0, 1],
    [1, 0, 0],
  ])
})

test('axes of length 1', () => {
  expect([0, 1, 2, -1, -3].map(axis => ops.expandDims(x, axis).shape)).toEqual([
    [1, 2, 3],
    [2, 1, 3],
    [2, 3, 1],
    [2, 3, 1],
    [1, 2, 3],
  ])
  const one = ops.reshape(x, [1, 2, 1, 3, 1])
  expect(ops.squeeze(one).shape).toEqual([2, 3])
  expect(ops.squeeze(one, [0, -1]).shape).toEqual([2, 1, 3])
  expect(ops.expandDims(variable([1, 2]), 0).shape).toEqual([1, 2])
})

test('stack', () => {
  expect(ops.stack([tensor([1, 2]), tensor([3, 4])]).toArray()).toEqual([
    [1, 2],
    [3, 4],
  ])
  expect(ops.stack([tensor([1, 2]), tensor([3, 4])], -1).toArray()).toEqual([
    [1, 3],
    [2, 4],
  ])
})

test('zeros, ones, oneHot', () => {
  expect(ops.zeros([2]).toArray()).toEqual([0, 0])
  expect(ops.ones([2, 1], 'int32')).toMatchObject({ shape: [2, 1], dtype: 'int32', values: Int32Array.of(1, 1) })
  expect(ops.oneHot(tensor(Uint8Array.of(2, 0, 9)), 3).toArray()).toEqual([
    [0, 0, 1],
    [1, 0, 0],
    [0, 0, 0],
  ])
})

test('variance, std, logSumExp', () => {
  expect(ops.variance(x, 0).toArray()).toEqual([2.25, 2.25, 2.25])
  expect(ops.std(x, 0, { keepDims: true }).toArray()).toEqual([[1.5, 1.5, 1.5]])
  expect(ops.logSumExp(x).item()).toBeCloseTo(
    Math.log([1, 2, 3, 4, 5, 6].reduce((sum, value) => sum + Math.exp(value), 0)),
    5,
  )
  expect(ops.logSumExp(tensor([1000, 1000])).item()).toBeCloseTo(1000 + Math.log(2), 4)
  expect(ops.logSumExp(tensor([-Infinity, -Infinity])).item()).toBe(-Infinity)
  const [slopes] = grad(x => ops.logSumExp(x))(tensor([0, Math.log(3)]))
  expect(slopes?.data()[1]).toBeCloseTo(0.75, 6)
})

test.each([
  [
    () => ops.clip(x, 2, 1),
    'GLOROT_CONFIG',
    /^clip: expected two numbers, the first not greater; received \[ 2, 1 \]$/,
  ],
  [() => ops.clip(x, Number.NaN, 1), 'GLOROT_CONFIG', /clip/],
  [() => ops.expandDims(x, 3), 'GLOROT_SHAPE', /^expandDims: expected an axis from -3 to 2; received 3$/],
  [() => ops.expandDims(x, 'a' as never), 'GLOROT_CONFIG', /the axis must be a whole number; received 'a'/],
  [
    () => ops.squeeze(x, 1),
    'GLOROT_SHAPE',
    /^squeeze: expected length 1 on axis 1; received a tensor of shape \[2, 3\]$/,
  ],
  [() => ops.stack([]), 'GLOROT_CONFIG', /at least one tensor/],
  [() => ops.stack([tensor([1]), tensor([1, 2])]), 'GLOROT_SHAPE', /./],
  [() => ops.zeros([-1]), 'GLOROT_CONFIG', /the shape must be an array/],
  [() => ops.ones([1e6, 1e6]), 'GLOROT_SHAPE', /^ones: shape \[1000000, 1000000\] would have 2\^31 elements/],
  [() => ops.ones([1], 'float64' as never), 'GLOROT_CONFIG', /dtype/],
  [() => ops.oneHot(x, 1.5), 'GLOROT_CONFIG', /oneHot/],
])('a wrong argument is named: %#', async (call, code, message) => {
  const error = await failure(call)
  expect(error.message).toMatch(message)
  expect(error.code).toBe(code)
})
