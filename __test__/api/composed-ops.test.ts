import { grad, ops, Tensor, tensor, variable } from 'glorot'
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

test('numbers that are none', () => {
  const odd = tensor([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1])
  expect(ops.isNaN(odd)).toMatchObject({ dtype: 'bool', values: Uint8Array.of(1, 0, 0, 0) })
  expect(ops.isInf(odd)).toMatchObject({ dtype: 'bool', values: Uint8Array.of(0, 1, 1, 0) })
  expect(ops.nanToNum(odd).toArray()).toEqual([0, 3.4028234663852886e38, -3.4028234663852886e38, 1])
  expect(ops.erfinv(tensor([-1, 0, 1, 2])).toArray()).toEqual([-Infinity, 0, Infinity, Number.NaN])
  const [slopes] = grad(x => ops.sum(ops.divideNoNaN(1, x)))(tensor([0, 2]))
  expect(slopes?.toArray()).toEqual([0, -0.25])
})

test('an operand never comes back as it is', () => {
  const weights = variable([1, 2])
  const same: ((x: ops.Operand) => unknown)[] = [
    x => ops.cumsum(x, 0),
    x => ops.cumprod(x),
    x => ops.einsum('i->i', x),
    x => ops.flip(x, []),
    x => ops.flip(x),
    x => ops.roll(x, 0, 0),
    x => ops.tile(x, 1),
    x => ops.repeat(x, 1, 0),
    x => ops.ravel(x),
    x => ops.moveAxis(x, 0, 0),
    x => ops.swapAxes(x, 0, 0),
    x => ops.split(x, 1)[0],
    x => ops.nanToNum(x),
    x => ops.clip(x, -9, 9),
  ]
  for (const op of same) {
    for (const x of [[1, 2], weights]) expect(op(x), op.toString()).toBeInstanceOf(Tensor)
  }
  expect(ops.flip(5)).toBeInstanceOf(Tensor)
  expect(ops.roll([], 1, 0)).toBeInstanceOf(Tensor)
})

test('nothing, whole numbers, infinite ones', () => {
  expect(ops.any(tensor([], [0])).item()).toBe(0)
  expect(ops.any(tensor([], [2, 0]), 1).toArray()).toEqual([0, 0])
  expect(ops.all(tensor([], [0])).item()).toBe(1)
  const large = tensor(Int32Array.of(16_777_217, 16_777_216, -(2 ** 31)))
  expect(ops.argMin(large.slice(0, 2)).item()).toBe(1)
  expect(ops.argMin(large).item()).toBe(2)
  expect(ops.full([1], 16_777_217, 'int32').data()).toEqual(Int32Array.of(16_777_217))
  expect(ops.arange(3)).toMatchObject({ dtype: 'int32', values: Int32Array.of(0, 1, 2) })
  expect(ops.arange(0, 1, 0.5)).toMatchObject({ dtype: 'float32', values: Float32Array.of(0, 0.5) })
  const infinite = tensor([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
  expect(ops.logAddExp(infinite, infinite).toArray()).toEqual([-Infinity, Infinity])
  expect(ops.softmax([1e8, 1e8]).toArray()).toEqual([0.5, 0.5])
  const [slopes] = grad(x => ops.sum(ops.normalize(x)))(tensor([[0, 0]]))
  expect(Array.from(slopes?.data() ?? [Number.NaN]).every(Number.isFinite)).toBe(true)
  expect(ops.divideNoNaN(tensor(Int32Array.of(1, 1)), tensor(Int32Array.of(2, 0))).toArray()).toEqual([0.5, 0])
  expect(ops.logicalXor(tensor(Int32Array.of(2, 2)), tensor(Int32Array.of(1, 0))).toArray()).toEqual([0, 1])
  const bytes = ops.takeAlongAxis(tensor(Uint8Array.of(7, 8)), tensor(Int32Array.of(1, 0)))
  expect(bytes).toMatchObject({ dtype: 'uint8', values: Uint8Array.of(8, 7) })
  const square = ops.reshape(ops.arange(1, 5), [2, 2])
  expect(ops.average(square, 0, [1, 0]).toArray()).toEqual([1, 2])
  expect(ops.average(tensor(Int32Array.of(1, 2)), 0, tensor(Int32Array.of(1, 1))).item()).toBe(1.5)
  expect(ops.average([1, Number.POSITIVE_INFINITY], 0, [1, 1]).item()).toBe(Infinity)
})

test('what depends on no tensor', () => {
  expect(ops.full([2], 7, 'int32')).toMatchObject({ dtype: 'int32', values: Int32Array.of(7, 7) })
  expect(ops.zerosLike(x).shape).toEqual([2, 3])
  expect(ops.onesLike(variable([1, 2]), 'uint8').data()).toEqual(Uint8Array.of(1, 1))
  expect(ops.fullLike(x, 2).data()).toEqual(new Float32Array(6).fill(2))
  expect(ops.arange(3, 3).shape).toEqual([0])
  expect(ops.linspace(1, 2, 1).toArray()).toEqual([1])
  expect(ops.logicalXor(tensor([true, false]), tensor([true, true])).toArray()).toEqual([0, 1])
})

test('nothing to move', () => {
  expect(ops.roll(ops.zeros([0, 2]), 1, 0).shape).toEqual([0, 2])
  expect(ops.tile(x, 0).shape).toEqual([2, 0])
  expect(ops.split(x, [1, 1], 1).map(part => part.shape)).toEqual([
    [2, 1],
    [2, 0],
    [2, 2],
  ])
  expect(ops.average(x, 0, [3, 1]).toArray()).toEqual([1.75, 2.75, 3.75])
  expect(ops.average(x, 1, [1, 0, 1]).toArray()).toEqual([2, 5])
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
  [() => ops.arange(0, 1, 0), 'GLOROT_CONFIG', /^arange: expected three numbers, the step not 0/],
  [() => ops.linspace(0, 1, 1.5), 'GLOROT_CONFIG', /^linspace: the shape/],
  [() => ops.eye(-1), 'GLOROT_CONFIG', /^eye: the shape/],
  [() => ops.split(x, 2, 1), 'GLOROT_SHAPE', /^split: 2 parts of equal length cannot be made of axis 1 of \[2, 3\]$/],
  [() => ops.split(x, [2, 1], 1), 'GLOROT_SHAPE', /^split: parts must begin at ascending places from 0 to 3/],
  [() => ops.unstack(x, 2), 'GLOROT_SHAPE', /^unstack: expected an axis from -2 to 1; received 2$/],
  [() => ops.tile(x, [-1]), 'GLOROT_CONFIG', /^tile: the repeats must be whole numbers/],
  [() => ops.repeat(x, 0.5), 'GLOROT_CONFIG', /^repeat: the repeats/],
  [() => ops.flip(x, 5), 'GLOROT_SHAPE', /^flip: expected an axis/],
  [() => ops.flip(x, [0, -2]), 'GLOROT_CONFIG', /^flip: an axis is given twice/],
  [() => ops.full([1], 'a' as never), 'GLOROT_CONFIG', /^full: the value must be a number; received 'a'/],
  [() => ops.eye(2, 2, 0.5), 'GLOROT_CONFIG', /^eye: the diagonal must be a whole number/],
  [() => ops.dot([1, 2, 3], [2]), 'GLOROT_SHAPE', /^dot: expected vectors of one length; received 3 and 1$/],
  [() => ops.takeAlongAxis(x, [0, 1], 0), 'GLOROT_SHAPE', /^takeAlongAxis: expected indices of 2 axes; received shape/],
  [() => ops.roll(x, 0.5, 0), 'GLOROT_CONFIG', /^roll: the shift must be a whole number; received 0.5$/],
  [() => ops.take(x, tensor([0]), 3), 'GLOROT_SHAPE', /^take: expected an axis/],
  [() => ops.norm(x, 0, { ord: -1 }), 'GLOROT_CONFIG', /^norm: ord must be a number of at least 0; received -1$/],
  [() => ops.norm(x, 0, { keepdims: true } as never), 'GLOROT_CONFIG', /^norm: unknown option 'keepdims'/],
  [() => ops.dot(ops.ones([1, 1, 1]), x), 'GLOROT_SHAPE', /^dot: expected at most two axes; received 3 and 2/],
  [() => ops.einsum('ij', x, x), 'GLOROT_CONFIG', /^einsum: expected an equation for 2 operands; received 'ij'$/],
  [() => ops.einsum('i-j', x), 'GLOROT_CONFIG', /^einsum: expected letters for axes/],
  [() => ops.einsum('ii->i', x), 'GLOROT_CONFIG', /^einsum: 'ii' has a letter twice/],
  [() => ops.einsum('ij->k', x), 'GLOROT_CONFIG', /^einsum: no operand has the axis 'k' of the result/],
  [() => ops.einsum('i->i', x), 'GLOROT_SHAPE', /^einsum: 'i' of 'i->i' has 1 axes; received shape \[2, 3\]$/],
  [() => ops.einsum('ij,ij->i', x, ops.ones([2, 4])), 'GLOROT_SHAPE', /^einsum: axis 'j' of .* has lengths 3 and 4$/],
])('a wrong argument is named: %#', async (call, code, message) => {
  const error = await failure(call)
  expect(error.message).toMatch(message)
  expect(error.code).toBe(code)
})
