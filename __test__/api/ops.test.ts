import { activations, grad, ops, type SymbolicTensor, tensor, valueAndGrad, variable } from 'glorot'
import { expect, test } from 'vitest'
import { failure } from './data.js'

test('ops broadcast, and numbers take the dtype of the other operand', () => {
  expect(
    ops
      .add(
        tensor([
          [1, 2],
          [3, 4],
        ]),
        tensor([10, 20]),
      )
      .toArray(),
  ).toEqual([
    [11, 22],
    [13, 24],
  ])
  const counts = ops.add(tensor([1, 2], undefined, 'int32'), 1)
  expect(counts.dtype).toBe('int32')
  expect(counts.toArray()).toEqual([2, 3])
  expect(ops.where(ops.greater(tensor([-1, 1]), 0), 7, tensor([1, 2])).toArray()).toEqual([1, 7])
})

test('reductions, movements, matrix products', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ])
  expect(ops.sum(x).item()).toBe(21)
  expect(ops.mean(x, -1, { keepDims: true }).toArray()).toEqual([[2], [5]])
  expect(
    ops
      .argMax(
        tensor([
          [1, 9, 3],
          [7, 5, 6],
        ]),
      )
      .toArray(),
  ).toEqual([1, 0])
  expect(ops.transpose(x).toArray()).toEqual([
    [1, 4],
    [2, 5],
    [3, 6],
  ])
  expect(ops.reshape(x, [3, -1]).shape).toEqual([3, 2])
  expect(ops.matMul(x, x, { transposeB: true }).toArray()).toEqual([
    [14, 32],
    [32, 77],
  ])
  expect(ops.concat([x, x], 0).shape).toEqual([4, 3])
  expect(ops.pad(tensor([1]), [[1, 2]], 9).toArray()).toEqual([9, 1, 9, 9])
  expect(ops.gather(x, tensor([1, 0, 1], undefined, 'int32')).toArray()).toEqual([
    [4, 5, 6],
    [1, 2, 3],
    [4, 5, 6],
  ])
})

test.each([
  [() => ops.add(tensor([1, 2]), tensor([1, 2, 3])), 'GLOROT_SHAPE', '[2]'],
  [() => ops.matMul(tensor([[1, 2]]), tensor([[1, 2]])), 'GLOROT_SHAPE', '[1, 2]'],
  [() => ops.sum(tensor([1]), 3), 'GLOROT_CONFIG', 'sum: expected an axis from -1 to 1'],
  [() => ops.reshape(tensor([1, 2, 3]), [2, -1]), 'GLOROT_SHAPE', 'reshape: cannot make [2, -1] of [3]'],
  [() => ops.cast(tensor([1]), 'float64' as never), 'GLOROT_CONFIG', "received 'float64'"],
  [() => ops.add(tensor([1]), tensor([1], undefined, 'int32')), 'GLOROT_SHAPE', 'int32'],
])('%s is an error', async (run, code, message) => {
  const error = await failure(run)
  expect(error.message).toContain(message)
  expect(error.code).toBe(code)
})

test('gradients of a function with constants', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ])
  const y = tensor([[1], [0], [1]])
  const w = variable([[0.5], [-0.5]])
  const b = variable([0.25])
  const f = valueAndGrad((w, b) => ops.mean(ops.square(ops.sub(ops.add(ops.matMul(x, w), b), y))))
  const { value, grads } = f(w, b)
  // Residuals: -1.25, -0.25, -1.25.
  expect(value.item()).toBeCloseTo(3.1875 / 3, 6)
  expect(grads[0]?.shape).toEqual([2, 1])
  expect(grads[0]?.data()[0]).toBeCloseTo((2 / 3) * (-1.25 - 0.75 - 6.25), 5)
  expect(grads[1]?.item()).toBeCloseTo((2 / 3) * -2.75, 5)
})

test('a function sees new values of what it uses at each call', () => {
  let scale = tensor(2)
  const f = grad(x => ops.sum(ops.mul(x, scale)))
  expect(f(tensor([1, 1]))[0]?.toArray()).toEqual([2, 2])
  scale = tensor(3)
  expect(f(tensor([1, 1]))[0]?.toArray()).toEqual([3, 3])
})

test('what a function throws is what the caller gets', async () => {
  const thrown = new RangeError('of mine')
  const error = await failure(() =>
    grad((_: SymbolicTensor) => {
      throw thrown
    })(tensor([1])),
  )
  expect(error).toBe(thrown)
})

test('only a scalar has a gradient', async () => {
  const error = await failure(() => grad(x => ops.square(x))(tensor([1, 2])))
  expect(error.message).toContain('expected a float32 scalar to differentiate, received float32 [2]')
})

test('a traced tensor is of no use outside of its function', async () => {
  let leaked: unknown
  grad(x => {
    leaked = x
    return ops.sum(x)
  })(tensor([1]))
  const error = await failure(() => ops.square(leaked as never))
  expect(error.message).toContain('outside of the function that received it')
})

test('activations are functions', () => {
  expect(
    activations
      .get('relu')(tensor([-1, 2]))
      .toArray(),
  ).toEqual([0, 2])
  expect(activations.relu(tensor([-1, 8]), { maxValue: 6 }).toArray()).toEqual([0, 6])
  expect(() => activations.get('reloo' as never)).toThrow("activation: unknown 'reloo'; known activations: ")
})
