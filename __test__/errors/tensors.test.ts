import {
  grad,
  Model,
  ModelTensor,
  ops,
  optimizers,
  random,
  schedules,
  Tensor,
  tensor,
  Variable,
  valueAndGrad,
  variable,
} from 'glorot'
import { describe, expect, test } from 'vitest'
import { failure } from '../api/data.js'
import { refused } from './calls.js'

// Wrong types are the subject.
const any = (value: unknown) => value as never
const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
])
const ints = tensor(new Int32Array([0, 1]))
const flags = tensor([true, false])
const cyclic: unknown[] = [1]
cyclic.push(cyclic)

describe('tensors', () => {
  refused({
    string: [
      () => tensor(any('abc')),
      'GLOROT_SHAPE',
      /^expected a number, an array of numbers or a tensor; received 'abc'$/,
    ],
    'nothing at all': [() => tensor(any(undefined)), 'GLOROT_SHAPE', /received undefined/],
    'a function': [() => tensor(any(() => 1)), 'GLOROT_SHAPE', /received \[Function/],
    'a map': [() => tensor(any(new Map())), 'GLOROT_SHAPE', /received Map/],
    'rows of two lengths': [
      () => tensor([[1, 2], [3]]),
      'GLOROT_SHAPE',
      /expected rows of 2 on axis 1, received one of 1/,
    ],
    'strings within': [
      () => tensor(any([['a']])),
      'GLOROT_SHAPE',
      /expected numbers in arrays nested 2 deep; received 'a'/,
    ],
    'null within': [() => tensor(any([1, null])), 'GLOROT_SHAPE', /received null/],
    'holes within': [() => tensor(any(new Array(3))), 'GLOROT_SHAPE', /received undefined/],
    'an array that contains itself': [() => tensor(any(cyclic)), 'GLOROT_SHAPE', /expected numbers/],
    'arrays in arrays without end': [
      () => tensor(any(Array.from({ length: 1000 }).reduce(inner => [inner], 1))),
      'GLOROT_SHAPE',
      /nested at most 32 deep/,
    ],
    'an array of 64-bit whole numbers': [
      () => tensor(any(new BigInt64Array(2))),
      'GLOROT_SHAPE',
      /received BigInt64Array; convert/,
    ],
    'an array of 16 bits': [() => tensor(any(new Int16Array(2))), 'GLOROT_SHAPE', /received Int16Array; convert/],
    'a shape of other size': [
      () => tensor([1, 2, 3], [2, 2]),
      'GLOROT_SHAPE',
      /shape \[2,2\] needs 4 values, received 3/,
    ],
    'a shape that is none': [
      () => tensor([1, 2], any('x')),
      'GLOROT_CONFIG',
      /the shape must be an array of at most 32 lengths.*received 'x'/,
    ],
    'a shape of fractions': [() => tensor([1, 2], [0.5, 4]), 'GLOROT_CONFIG', /received \[ 0.5, 4 \]/],
    'two open axes': [() => tensor([1, 2], [-1, -1]), 'GLOROT_SHAPE', /does not fit 2 values/],
    'an unknown dtype': [
      () => tensor([1], [1], any('float64')),
      'GLOROT_CONFIG',
      /must be one of float32, int32, uint8, bool; received 'float64'/,
    ],
    'fractions as int32': [
      () => tensor([1.5], [1], 'int32'),
      'GLOROT_SHAPE',
      /int32 holds whole numbers.*received 1.5: use ops.cast/,
    ],
    'numbers beyond int32': [() => tensor([3e9], [1], 'int32'), 'GLOROT_SHAPE', /received 3000000000/],
    'NaN as int32': [() => tensor([Number.NaN], [1], 'int32'), 'GLOROT_SHAPE', /received NaN/],
    'numbers beyond uint8': [() => tensor([256], [1], 'uint8'), 'GLOROT_SHAPE', /from 0 to 255; received 256/],
    'one element of several': [() => x.item(), 'GLOROT_SHAPE', /item\(\) needs one element/],
    'arithmetic on several elements': [() => Number(any(x)) + 1, 'GLOROT_SHAPE', /item\(\) needs one element/],
    'new Tensor': [() => new Tensor(any(undefined)), 'GLOROT_CONFIG', /make tensors with tensor\(values\)/],
    'new Variable': [() => new Variable(any([1])), 'GLOROT_CONFIG', /make variables with variable\(value\)/],
    'new Model': [() => new Model(any(undefined)), 'GLOROT_CONFIG', /make models with sequential\(layers\) or model/],
    'new ModelTensor': [() => new ModelTensor(any([1]), any({})), 'GLOROT_CONFIG', /input\(\{ shape \}\)/],
    'a memory that was given away': [
      () => {
        const values = new Float32Array(4)
        const lost = tensor(values, [2, 2])
        structuredClone(values.buffer, { transfer: [values.buffer] })
        return ops.add(lost, 1)
      },
      'GLOROT_SHAPE',
      /shape \[2, 2\] needs 4 values, received 0/,
    ],
    'slice beyond the end': [() => x.slice([3], [1]), 'GLOROT_SHAPE', /reach beyond axis 0 of shape \[2, 3\]/],
    'slice from before the start': [
      () => x.slice([-1], [1]),
      'GLOROT_CONFIG',
      /at least 0, as \[0, 2\]; received \[ -1 \]/,
    ],
    'slice from a fraction': [() => x.slice(0.5), 'GLOROT_CONFIG', /received \[ 0.5 \]/],
    'moments along no axis': [() => x.moments(5), 'GLOROT_CONFIG', /expected an axis from -2 to 2/],
    'a seed below 0': [() => random.setSeed(-1), 'GLOROT_CONFIG', /seed: expected a whole number from 0, received -1/],
    'a seed that is text': [() => random.setSeed(any('1')), 'GLOROT_CONFIG', /received '1'/],
  })
})

describe('ops', () => {
  const names = ['neg', 'exp', 'sqrt', 'relu', 'floor', 'sigmoid', 'erf'] as const
  refused(
    Object.fromEntries(
      names.flatMap(name =>
        [undefined, null, 'x', {}, [[1], [2, 3]], () => 1, Symbol('s')].map((value, i) => [
          `${name} of what is no tensor ${i}`,
          [() => ops[name](any(value)), 'GLOROT_SHAPE', new RegExp(`^${name}: expected`)],
        ]),
      ),
    ),
  )
  refused(
    Object.fromEntries(
      (['sum', 'max', 'mean', 'prod', 'min'] as const).flatMap(name =>
        [2, -3, 0.5, Number.NaN, '0', null, [0, 0], [0, 5], true, {}, [Number.NaN], 1e18, ['a']].map((axis, i) => [
          `${name} along no axis ${i}`,
          [() => ops[name](x, any(axis)), 'GLOROT_CONFIG', new RegExp(`^${name}: .*axis`)],
        ]),
      ),
    ),
  )
  refused({
    'shapes that do not broadcast': [
      () => ops.add(x, [1, 2]),
      'GLOROT_SHAPE',
      /^add: shapes \[2, 3\] and \[2\] do not broadcast/,
    ],
    'two dtypes': [
      () => ops.mul(x, tensor(new Int32Array(3))),
      'GLOROT_SHAPE',
      /^mul: expected operands of one dtype.*cast one/,
    ],
    'comparison of two dtypes': [() => ops.equal(x, flags), 'GLOROT_SHAPE', /^equal: expected operands of one dtype/],
    'a fraction beside whole numbers': [
      () => ops.add(ints, 0.5),
      'GLOROT_CONFIG',
      /0.5 is no int32 value: cast the tensor/,
    ],
    'logic of numbers': [
      () => ops.logicalAnd(x, x),
      'GLOROT_SHAPE',
      /^logicalAnd: expected dtype bool, received float32/,
    ],
    'a condition of numbers': [() => ops.where(x, x, x), 'GLOROT_SHAPE', /^where: expected a condition of dtype bool/],
    'roots of whole numbers': [() => ops.sqrt(ints), 'GLOROT_SHAPE', /^sqrt: expected dtype float32, received int32/],
    'cast to nothing': [
      () => ops.cast(x, any('float64')),
      'GLOROT_CONFIG',
      /^cast: expected float32, int32, uint8 or bool/,
    ],
    'options that are none': [() => ops.sum(x, 0, any(null)), 'GLOROT_CONFIG', /^sum: expected an object of options/],
    'keepDims misspelled': [() => ops.sum(x, 0, any({ keepdims: true })), 'GLOROT_CONFIG', /unknown option 'keepdims'/],
    'keepDims as text': [
      () => ops.sum(x, 0, any({ keepDims: 'yes' })),
      'GLOROT_CONFIG',
      /'keepDims' must be true or false/,
    ],
    'the largest of nothing': [() => ops.argMax(tensor([], [2, 0])), 'GLOROT_SHAPE', /no elements along axis 1/],
    'reshape to another size': [() => ops.reshape(x, [4]), 'GLOROT_SHAPE', /^reshape: cannot arrange the 6 elements/],
    'reshape with two open axes': [() => ops.reshape(x, [-1, -1]), 'GLOROT_CONFIG', /at most one of them -1/],
    'reshape to no shape': [() => ops.reshape(x, any(6)), 'GLOROT_CONFIG', /the shape must be an array/],
    'reshape beyond all sizes': [() => ops.reshape(x, [2e9, 2e9, 2e9, -1]), 'GLOROT_SHAPE', /^reshape: cannot/],
    'broadcast to less': [() => ops.broadcastTo(x, [3]), 'GLOROT_SHAPE', /does not broadcast to \[3\]/],
    'broadcast to minus one': [() => ops.broadcastTo(x, [-1, 3]), 'GLOROT_CONFIG', /the shape must be an array/],
    'broadcast beyond memory': [() => ops.broadcastTo(1, [1e5, 1e5, 1e5]), 'GLOROT_DEVICE', /out of memory/],
    'transpose of one axis': [() => ops.transpose(x, [0]), 'GLOROT_SHAPE', /is no permutation of the 2 axes/],
    'transpose of an axis twice': [
      () => ops.transpose(x, [0, 0]),
      'GLOROT_CONFIG',
      /axis 0 of \[2, 3\] is given twice/,
    ],
    'slice of more than there is': [() => ops.slice(x, [0], [5]), 'GLOROT_SHAPE', /5 elements from 0 on reach beyond/],
    'slice along too many axes': [() => ops.slice(x, [0, 0, 0]), 'GLOROT_CONFIG', /expected at most 2 axes/],
    'pad of one axis': [() => ops.pad(x, [[1, 1]]), 'GLOROT_SHAPE', /expected 2 widths/],
    'pad by one number': [
      () => ops.pad(x, any([[1], [1]])),
      'GLOROT_CONFIG',
      /expected \[before, after\] for each axis/,
    ],
    'pad by less than nothing': [
      () =>
        ops.pad(x, [
          [-1, 0],
          [0, 0],
        ]),
      'GLOROT_CONFIG',
      /at least 0/,
    ],
    'pad with text': [
      () =>
        ops.pad(
          x,
          [
            [1, 1],
            [0, 0],
          ],
          any('x'),
        ),
      'GLOROT_CONFIG',
      /the value must be a number/,
    ],
    'concat of nothing': [() => ops.concat([]), 'GLOROT_CONFIG', /at least one tensor; received \[\]/],
    'concat of one that is no array': [() => ops.concat(any(x)), 'GLOROT_CONFIG', /expected an array/],
    'concat of other shapes': [() => ops.concat([x, tensor([1])], 0), 'GLOROT_SHAPE', /differ only in axis 0/],
    'gather by fractions': [() => ops.gather(x, [0.5]), 'GLOROT_SHAPE', /expected indices of dtype int32/],
    'gather from a number': [() => ops.gather(3, ints), 'GLOROT_SHAPE', /expected a table with at least one axis/],
    'a product of shapes that do not fit': [
      () => ops.matMul(x, x),
      'GLOROT_SHAPE',
      /cannot multiply \[2, 3\] by \[2, 3\]/,
    ],
    'a product with a misspelled option': [
      () => ops.matMul(x, x, any({ transpose_b: true })),
      'GLOROT_CONFIG',
      /unknown option 'transpose_b'/,
    ],
  })
})

describe('gradients', () => {
  let leaked: never
  // biome-ignore lint/suspicious/noExplicitAny: wrong types are the subject
  const loose = grad as unknown as (f: any) => (...args: unknown[]) => unknown[]
  refused({
    'no function': [() => loose(undefined), 'GLOROT_CONFIG', /expected a function of tensors/],
    'no arguments': [() => loose(() => 1)(), 'GLOROT_CONFIG', /no arguments to differentiate/],
    'a result of several': [
      () => loose((w: never) => w)(x),
      'GLOROT_SHAPE',
      /expected a float32 scalar.*reduce it to one number/,
    ],
    'a number as result': [
      () => loose(() => 1)(x),
      'GLOROT_CONFIG',
      /must return a tensor computed from its arguments.*received 1/,
    ],
    'no result': [() => loose(() => undefined)(x), 'GLOROT_CONFIG', /received undefined/],
    'a promise': [() => loose(async (w: never) => ops.sum(w))(x), 'GLOROT_CONFIG', /received Promise/],
    'a constant': [() => loose(() => ops.sum(x))(x), 'GLOROT_CONFIG', /received Tensor/],
    'whole numbers': [() => loose((w: never) => ops.sum(w))(ints), 'GLOROT_SHAPE', /expected a float32 scalar/],
    'what is no tensor': [
      () => loose((w: never) => ops.sum(w))('a'),
      'GLOROT_SHAPE',
      /^valueAndGrad: expected a number/,
    ],
    'an argument too few': [
      () => valueAndGrad((a, b) => ops.sum(ops.mul(a, b)))(x, any(undefined)),
      'GLOROT_SHAPE',
      /received undefined/,
    ],
    'what is no error is thrown': [
      () =>
        loose(() => {
          throw null
        })(x),
      'GLOROT_INVALID',
      /threw null/,
    ],
    'a tensor after its trace': [
      () => {
        loose((w: never) => {
          leaked = w
          return ops.sum(w)
        })(x)
        return ops.add(leaked, 1)
      },
      'GLOROT_CONFIG',
      /used outside of the function that received it/,
    ],
    'operators of JavaScript': [
      () => loose((w: never) => ops.mul(w, w * 2))(1),
      'GLOROT_INVALID',
      /has no value yet: compute with ops/,
    ],
    'a comparison of JavaScript': [
      () => loose((w: never) => (w > 0 ? w : ops.neg(w)))(1),
      'GLOROT_INVALID',
      /has no value yet/,
    ],
    'a function that calls itself': [
      () => {
        const f = (w: never): unknown => loose(f)(w)[0]
        return loose(f)(1)
      },
      'GLOROT_CONFIG',
      /must have values; received a traced tensor/,
    ],
  })

  test('what the function throws comes out as it is', async () => {
    const mine = new RangeError('mine')
    const thrown = await failure(() =>
      loose(() => {
        throw mine
      })(x),
    )
    expect(thrown).toBe(mine)
  })
})

describe('variables, optimizers and schedules', () => {
  const w = () => variable([1, 2])
  const decay = schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.9 })
  refused({
    'a variable of nothing': [() => variable(any(null)), 'GLOROT_SHAPE', /^variable: expected a number/],
    'a value of another shape': [() => w().assign([1]), 'GLOROT_INVALID', /has float32 \[2\]; received float32 \[1\]/],
    'a value of another dtype': [() => w().assign(ints), 'GLOROT_INVALID', /has float32 \[2\]; received int32 \[2\]/],
    'a value that is none': [() => w().assign(any('x')), 'GLOROT_SHAPE', /^variable 'variable': expected a number/],
    'gradients that are no array': [
      () => optimizers.sgd().apply(any(x), [w()]),
      'GLOROT_CONFIG',
      /expected an array of gradients/,
    ],
    'variables that are none': [
      () => optimizers.sgd().apply([[1, 2]], any([[1, 2]])),
      'GLOROT_CONFIG',
      /expected an array of variables/,
    ],
    'more variables than gradients': [
      () => optimizers.sgd().apply([[1, 2]], [w(), w()]),
      'GLOROT_CONFIG',
      /expected a gradient for each of 2 variables, received 1/,
    ],
    'a gradient of another shape': [
      () => optimizers.sgd().apply([[1]], [w()]),
      'GLOROT_CONFIG',
      /gradient 0: expected float32 \[2\], as variable 'variable'; received float32 \[1\]/,
    ],
    'other variables than before': [
      () => {
        const sgd = optimizers.sgd({ momentum: 0.9 })
        sgd.apply([[1, 2]], [w()])
        sgd.apply([[1, 2]], [w()])
      },
      'GLOROT_CONFIG',
      /was built for other weights; make a new one/,
    ],
    'a rate that is text': [
      () => {
        optimizers.sgd().learningRate = any('x')
      },
      'GLOROT_CONFIG',
      /learningRate must be a number; received 'x'/,
    ],
    'a rate below 0': [
      () => {
        optimizers.sgd().learningRate = -1
      },
      'GLOROT_CONFIG',
      /must be at least 0; received -1/,
    ],
    'a rate that is NaN': [
      () => {
        optimizers.sgd().learningRate = Number.NaN
      },
      'GLOROT_CONFIG',
      /must be at least 0; received NaN/,
    ],
    'a rate beside a schedule': [
      () => {
        optimizers.sgd({ learningRate: decay }).learningRate = 1
      },
      'GLOROT_CONFIG',
      /schedule/,
    ],
    'a decay excluded too late': [
      () => {
        const adam = optimizers.adam({ weightDecay: 0.1 })
        adam.apply([[1, 2]], [w()])
        adam.excludeFromWeightDecay({ names: ['bias'] })
      },
      'GLOROT_CONFIG',
      /before/,
    ],
    'names that are none': [
      () => optimizers.adam().excludeFromWeightDecay(any({ names: 'bias' })),
      'GLOROT_CONFIG',
      /'names' must be an array of strings/,
    ],
    'a schedule at no step': [
      () => decay.at(-1),
      'GLOROT_CONFIG',
      /the step must be a whole number from 0; received -1/,
    ],
    'an optimizer that is none': [
      () => optimizers.get(any(null)),
      'GLOROT_CONFIG',
      /^optimizer: expected a name or \{ class_name, config \}/,
    ],
    'an optimizer of another name': [() => optimizers.get(any('sdg')), 'GLOROT_CONFIG', /unknown optimizer 'sdg'/],
    'a schedule without a tensor': [
      () => optimizers.sgd({ learningRate: any(() => 3) }).apply([[1, 2]], [w()]),
      'GLOROT_CONFIG',
      /^schedule .* must return a tensor.*received 3/,
    ],
    'a config that is none': [
      () => optimizers.deserialize({ class_name: 'SGD', config: any(3) }),
      'GLOROT_CONFIG',
      /^SGD: expected an object/,
    ],
  })
})
