import {
  activations,
  constraints,
  initializers,
  input,
  layers,
  ops,
  optimizers,
  random,
  regularizers,
  type SymbolicTensor,
  sequential,
  tensor,
  variable,
} from 'glorot'
import { expect, test } from 'vitest'
import { failure } from '../api/data.js'

const x = tensor(
  Float32Array.from({ length: 40 }, (_, i) => Math.sin(i)),
  [20, 2],
)
const y = tensor(
  Float32Array.from({ length: 20 }, (_, i) => Math.cos(i)),
  [20, 1],
)

type Options = Partial<layers.DenseOptions>

async function train(options: Options) {
  random.setSeed(4)
  const net = sequential([
    input({ shape: [2] }),
    layers.dense({ units: 3, kernelInitializer: 'ones', ...options }),
    layers.dense({ units: 1 }),
  ])
  net.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss: 'mse' })
  const { history } = await net.fit(x, y, { epochs: 3, shuffle: false, verbose: 0 })
  return { loss: history.loss as number[], net }
}

/** Functions of the user and what the library has of the same kind. */
const twins: [string, Options, Options][] = [
  ['an activation', { activation: x => ops.mul(x, ops.sigmoid(x)) }, { activation: 'silu' }],
  [
    'an initializer',
    { kernelInitializer: shape => ops.broadcastTo(0.5, shape) },
    { kernelInitializer: initializers.constant({ value: 0.5 }) },
  ],
  [
    'an initializer that gives numbers',
    { kernelInitializer: ([n = 0, m = 0]) => Array(n).fill(Array(m).fill(0.5)) },
    { kernelInitializer: initializers.constant({ value: 0.5 }) },
  ],
  [
    'a regularizer',
    { kernelRegularizer: w => ops.mul(0.3, ops.sum(ops.square(w))) },
    { kernelRegularizer: regularizers.l2(0.3) },
  ],
  [
    'a regularizer of outputs',
    { activityRegularizer: y => ops.mul(0.3, ops.sum(ops.abs(y))) },
    { activityRegularizer: regularizers.l1(0.3) },
  ],
  ['a constraint', { kernelConstraint: w => ops.maximum(w, 0) }, { kernelConstraint: 'nonNeg' }],
]

test.each(twins)('%s written as a function trains as the one of the library', async (_, mine, theirs) => {
  const [own, library] = [await train(mine), await train(theirs)]
  expect(own.loss[0]).not.toBe((await train({})).loss[2])
  for (const [epoch, loss] of library.loss.entries()) expect(own.loss[epoch]).toBeCloseTo(loss, 6)
})

class Scaled extends regularizers.Regularizer {
  constructor(readonly factor: number) {
    super()
  }
  override call(weight: SymbolicTensor) {
    return ops.mul(this.factor, ops.sum(ops.square(weight)))
  }
  override getConfig() {
    return { factor: this.factor }
  }
}

class Halves extends initializers.Initializer {
  override call(shape: number[]) {
    return ops.broadcastTo(0.5, shape)
  }
}

class Positive extends constraints.Constraint {
  override call(weight: SymbolicTensor) {
    return ops.maximum(weight, 0)
  }
}

test('classes: used on their own, in layers, and as they are serialized', async () => {
  expect(new Scaled(2).penalty(tensor([1, 2])).item()).toBe(10)
  expect(new Halves().initialize([2]).toArray()).toEqual([0.5, 0.5])
  expect(new Positive().project(tensor([-1, 2])).toArray()).toEqual([0, 2])
  const mine = { kernelRegularizer: new Scaled(0.3), kernelInitializer: new Halves(), kernelConstraint: new Positive() }
  const theirs: Options = {
    kernelRegularizer: regularizers.l2(0.3),
    kernelInitializer: initializers.constant({ value: 0.5 }),
    kernelConstraint: 'nonNeg',
  }
  const [own, library] = [await train(mine), await train(theirs)]
  for (const [epoch, loss] of library.loss.entries()) expect(own.loss[epoch]).toBeCloseTo(loss, 6)
  const serialized = { module: null, class_name: 'Scaled', config: { factor: 0.3 }, registered_name: 'Custom>Scaled' }
  expect(mine.kernelRegularizer.toJSON()).toEqual(serialized)
  expect((own.net.layers[0] as layers.Layer).getConfig().kernel_regularizer).toEqual(serialized)
})

test('a function of the module of its kind', () => {
  const swish = activations.get(x => ops.mul(x, ops.sigmoid(x)))
  const got = swish(tensor([1, -2])).data()
  for (const [i, value] of activations
    .silu(tensor([1, -2]))
    .data()
    .entries())
    expect(got[i]).toBeCloseTo(value, 6)
  expect(
    regularizers
      .get(w => ops.sum(w))
      .penalty(tensor([1, 2]))
      .item(),
  ).toBe(3)
  expect(
    initializers
      .get(shape => ops.broadcastTo(3, shape))
      .initialize([1])
      .toArray(),
  ).toEqual([3])
  expect(
    constraints
      .get(w => ops.neg(w))
      .project(tensor([1]))
      .toArray(),
  ).toEqual([-1])
  function named(x: SymbolicTensor) {
    return x
  }
  const serialized = { module: 'builtins', class_name: 'function', config: 'named', registered_name: 'function' }
  expect(activations.get(named).toJSON()).toEqual(serialized)
  expect(layers.dense({ units: 1, activation: activations.get(named) }).getConfig().activation).toEqual(serialized)
})

test('a lambda layer: of one tensor, of several, told the mode', async () => {
  const twice = layers.lambda(x => ops.mul(x, 2))
  expect(twice.apply(tensor([1, 2])).toArray()).toEqual([2, 4])
  expect(twice.className).toBe('Lambda')
  expect(twice.getConfig()).toMatchObject({ function: 'anonymous' })
  const difference = layers.lambda(([a, b]) => ops.sub(a as SymbolicTensor, b as SymbolicTensor))
  expect(difference.apply([tensor([5, 5]), tensor([1, 2])]).toArray()).toEqual([4, 3])
  const split = layers.lambda(x => [ops.slice(x, [0, 0], [-1, 1]), ops.slice(x, [0, 1])] as SymbolicTensor[])
  expect(split.apply(input({ shape: [3] }))).toHaveLength(2)
  const noisy = layers.lambda((x, { training }) => (training ? ops.add(x, 1) : x))
  expect(noisy.apply(tensor([1])).toArray()).toEqual([1])
  expect(noisy.apply(tensor([1]), { training: true }).toArray()).toEqual([2])
})

const first = async (options: Options) => (await failure(() => train(options))).message

test('what goes wrong is said by the name of the function', async () => {
  expect(await first({ kernelRegularizer: w => w })).toMatch(
    /regularizer 'kernelRegularizer': expected a result of float32 \[\], received float32 \[2, 3\]/,
  )
  expect(await first({ kernelConstraint: w => ops.sum(w) })).toMatch(
    /constraint 'kernelConstraint': expected a result of float32 \[2, 3\], received float32 \[\]/,
  )
  expect(await first({ kernelInitializer: () => [1, 2] })).toMatch(
    /'dense\w*' \(Dense\): weight 'kernel': initializer 'kernelInitializer': expected a tensor of float32 \[2, 3\], received float32 \[2\]/,
  )
  expect(await first({ activation: (() => 3) as never })).toMatch(
    /function 'activation' must return a tensor computed from its arguments with ops; received 3/,
  )
  const thrown = new RangeError('of mine')
  const broken = () => {
    throw thrown
  }
  expect(await failure(() => train({ activation: broken }))).toBe(thrown)
  let kept: SymbolicTensor | undefined
  await train({ activation: x => (kept = x) })
  expect(await first({ activation: () => kept as SymbolicTensor })).toMatch(/belongs to another trace/)
  const w = variable([1])
  expect(await first({ activation: x => ops.mul(x, w) })).toMatch(/variables and layers cannot be used/)
})

test('classes that implement nothing, and bases', async () => {
  class Empty extends regularizers.Regularizer {}
  expect((await failure(() => new Empty().penalty(tensor([1])))).message).toBe(
    'Empty: the class has no call(weight); implement it',
  )
  expect((await failure(() => new regularizers.Regularizer())).message).toMatch(/^regularizer: expected a name/)
  expect((await failure(() => new layers.Layer())).message).toMatch(/^Layer: it has no call\(\): extend it/)
  expect((await failure(() => layers.lambda(3 as never))).message).toMatch(/^Lambda: expected a function of tensors/)
})
