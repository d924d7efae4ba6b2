import { random, Tensor, tensor } from 'glorot'
import { expect, test } from 'vitest'
import { failure } from './data.js'

test('typed arrays are shared, other values are copied', () => {
  const values = new Float32Array([1, 2, 3, 4])
  const shared = tensor(values, [2, 2])
  expect(shared.data()).toBe(values)
  expect(shared.dtype).toBe('float32')
  const copied = tensor(new Float64Array([1, 2]))
  expect(copied.dtype).toBe('float32')
  expect(copied.toArray()).toEqual([1, 2])
})

test('shape and dtype follow the values', () => {
  expect(tensor([[1, 2, 3]]).shape).toEqual([1, 3])
  expect(tensor(5).shape).toEqual([])
  expect(tensor([true, false]).dtype).toBe('bool')
  expect(
    tensor(
      [
        [1, 2],
        [3, 4],
      ],
      undefined,
      'int32',
    ).data(),
  ).toEqual(new Int32Array([1, 2, 3, 4]))
  expect(tensor(new Uint8Array(12), [-1, 4]).shape).toEqual([3, 4])
  expect(tensor([]).shape).toEqual([0])
  expect(tensor([[0.5]]).item()).toBe(0.5)
})

test.each([
  [() => tensor([1, 2, 3], [2, 2]), 'shape [2,2] needs 4 values, received 3'],
  [() => tensor([1, 2, 3], [-1, 2]), 'shape [-1,2] does not fit 3 values'],
  [() => tensor([[1, 2], [3]]), 'expected rows of 2 on axis 1, received one of 1'],
  [() => tensor([[1, 'a' as never]]), "expected numbers in arrays nested 2 deep; received 'a'"],
  [() => tensor(new BigInt64Array(2) as never), 'received BigInt64Array'],
])('%s is an error', async (make, message) => {
  const error = await failure(make)
  expect(error.message).toContain(message)
  expect(error.code).toBe('GLOROT_SHAPE')
})

test('slice and moments', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ])
  expect(x.slice([0, 1], [-1, 2]).toArray()).toEqual([
    [2, 3],
    [5, 6],
  ])
  expect(x.slice(1).toArray()).toEqual([[4, 5, 6]])
  expect(x.slice(1, 1).data().buffer).toBe(x.data().buffer)
  expect(x.slice(2).shape).toEqual([0, 3])
  expect(x.slice([0, 1]).data().buffer).not.toBe(x.data().buffer)
  expect(() => x.slice(1, 2)).toThrow('slice')
  expect(() => x.slice(-1)).toThrow('slice')
  expect(tensor([1, 2, 3]).slice(1).toArray()).toEqual([2, 3])
  const { mean, variance, std } = x.moments(0)
  expect(mean.toArray()).toEqual([2.5, 3.5, 4.5])
  expect(variance.toArray()).toEqual([2.25, 2.25, 2.25])
  expect(std.toArray()).toEqual([1.5, 1.5, 1.5])
  expect(
    tensor(new Uint8Array([0, 4]))
      .moments()
      .mean.item(),
  ).toBe(2)
})

test('a tensor survives a structured clone as data', () => {
  const { values, shape, dtype } = structuredClone({ ...tensor([[1, 2]]) })
  expect(new Tensor({ values, shape, dtype }).toArray()).toEqual([[1, 2]])
})

test('seeds are checked', () => {
  expect(() => random.setSeed(-1)).toThrow('seed: expected a whole number from 0, received -1')
})
