import {
  input,
  layers,
  losses,
  ops,
  optimizers,
  random,
  type SymbolicTensor,
  sequential,
  type Tensor,
  tensor,
  type Variable,
  variable,
} from 'glorot'
import { expect, test } from 'vitest'
import { bytes, circle, failure } from '../api/data.js'

class Swoosh extends layers.Layer {
  alpha!: Variable

  override build(shape: number[]) {
    this.alpha = this.addWeight('alpha', [shape.at(-1) as number], { initializer: 'ones' })
  }

  override call(x: SymbolicTensor) {
    return ops.mul(x, ops.sigmoid(ops.mul(this.alpha, x))) as SymbolicTensor
  }
}

class MCDropout extends layers.Dropout {
  override call(x: SymbolicTensor) {
    return super.call(x, { training: true })
  }
}

test('a layer written in JavaScript has weights that are trained', async () => {
  random.setSeed(1)
  const swoosh = new Swoosh()
  const net = sequential([input({ shape: [2] }), layers.dense({ units: 8 }), swoosh, layers.dense({ units: 2 })])
  expect(net.countParams()).toBe(24 + 8 + 18)
  expect(net.layers[1]).toBe(swoosh)
  expect(swoosh.name).toBe('swoosh')
  const { x, y } = circle(64)
  net.compile({ optimizer: 'adam', loss: 'mse' })
  await net.fit(x, ops.concat([ops.reshape(y, [64, 1]), ops.reshape(y, [64, 1])]), { epochs: 2, verbose: 0 })
  expect(swoosh.getWeights()[0]?.toArray()).not.toEqual(Array(8).fill(1))
  expect(net.toJSON().config.layers).toHaveLength(4)
})

test('a layer of the library can be extended', async () => {
  random.setSeed(1)
  const dropout = new MCDropout({ rate: 0.5 })
  const net = sequential([input({ shape: [100] }), dropout])
  const ones = tensor(new Float32Array(100).fill(1), [1, 100])
  const dropped = (values: ArrayLike<number>) => Array.from(values).filter(value => value === 0).length
  const [first, second] = [await net.predict(ones), await net.predict(ones)]
  expect(dropped(first.data())).toBeGreaterThan(20)
  expect(second.data()).not.toEqual(first.data())
  expect(dropped(layers.dropout({ rate: 0.5 }).apply(ones).data())).toBe(0)
  expect(dropped(layers.dropout({ rate: 0.5 }).apply(ones, { training: true }).data())).toBeGreaterThan(20)
})

test('call is told the mode', () => {
  const modes: unknown[] = []
  class Spy extends layers.Layer {
    override call(x: SymbolicTensor, { training }: layers.CallOptions) {
      modes.push(training)
      return x
    }
  }
  const spy = new Spy()
  spy.apply(tensor([[1]]))
  spy.apply(tensor([[1]]), { training: true })
  expect(modes).toEqual([false, true])
})

test('a loss written in JavaScript trains as the one of the library', async () => {
  const { x, y } = circle(64)
  const target = ops.reshape(ops.cast(y, 'float32'), [64, 1])
  const train = async (loss: Parameters<ReturnType<typeof sequential>['compile']>[0]['loss']) => {
    random.setSeed(3)
    const net = sequential([
      input({ shape: [2] }),
      layers.dense({ units: 4, activation: 'tanh' }),
      layers.dense({ units: 1 }),
    ])
    net.compile({ optimizer: 'sgd', loss })
    return (await net.fit(x, target, { epochs: 3, verbose: 0 })).history.loss as number[]
  }
  const own = await train((yTrue, yPred) => ops.mean(ops.square(ops.sub(yTrue, yPred))))
  const library = await train('mse')
  for (const [i, loss] of library.entries()) expect(own[i]).toBeCloseTo(loss, 6)
})

test('what call throws is what the caller gets', async () => {
  const thrown = new RangeError('of mine')
  class Broken extends layers.Layer {
    override call(): SymbolicTensor {
      throw thrown
    }
  }
  expect(await failure(() => sequential([input({ shape: [2] }), new Broken()]))).toBe(thrown)
})

test('a layer without call, and a loss with variables, are errors', async () => {
  class Empty extends layers.Layer {}
  const empty = await failure(() => new Empty().apply(tensor([[1]])))
  expect(empty.message).toContain('Empty')
  const swoosh = new Swoosh()
  swoosh.build([1, 1])
  const net = sequential([input({ shape: [1] }), layers.dense({ units: 1 })])
  net.compile({ optimizer: 'sgd', loss: (_, yPred) => ops.mean(ops.mul(swoosh.alpha, yPred)) })
  const error = await failure(() => net.fit(tensor([[1]]), tensor([[1]]), { verbose: 0 }))
  expect(error.message).toContain('cannot be used in a loss function')
})

/** A residual block of other layers, which counts its training steps and penalizes its inputs. */
class Residual extends layers.Layer {
  readonly norm = layers.batchNormalization()
  readonly hidden: layers.Dense[] = []
  steps!: Variable
  readonly built2: number[][] = []

  override build(shape: number[]) {
    this.built2.push(shape)
    for (let i = 0; i < 2; i++) this.hidden.push(layers.dense({ units: shape.at(-1) as number, activation: 'relu' }))
    this.steps = this.addWeight('steps', [], { initializer: 'zeros', trainable: false })
  }

  override call(x: SymbolicTensor, { training }: layers.CallContext) {
    if (training) this.steps.assignAdd(1)
    this.addLoss(ops.mul(0.5, ops.mean(ops.square(x))))
    return ops.add(x, this.norm.apply(this.hidden.reduce((x, layer) => layer.apply(x), x)))
  }
}

test('a layer of layers has their weights, a state and penalties', async () => {
  random.setSeed(1)
  const block = new Residual()
  const net = sequential([input({ shape: [2] }), block, layers.dense({ units: 2, activation: 'softmax' })], {
    name: 'net',
  })
  expect(block.built2).toHaveLength(1)
  const inside = ['dense/kernel', 'dense/bias', 'batch_normalization/gamma', 'batch_normalization/moving_mean']
  const strip = (path: string) => path.replace(/_\d+/g, '')
  for (const path of inside) expect(net.weightPaths.map(strip)).toContain(`net/residual/${path}`)
  expect(new Set(net.weightPaths).size).toBe(net.weightPaths.length)
  expect(net.countParams()).toBe(1 + 8 + 2 * 6 + 6)
  const { x, y } = circle(64)
  net.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
  const before = block.hidden.map(layer => bytes(layer.getWeights()))
  const { loss } = await net.evaluate(x, y, { verbose: 0 })
  const plain = await crossentropy(net, x, y)
  const penalty = 0.5 * ops.mean(ops.square(x)).item()
  expect(loss).toBeCloseTo(plain + penalty, 5)
  await net.fit(x, y, { epochs: 3, batchSize: 16, verbose: 0 })
  expect(block.steps.value().item()).toBe(12)
  expect(block.hidden.map(layer => bytes(layer.getWeights()))).not.toEqual(before)
  block.trainable = false
  expect(net.trainableWeights).toHaveLength(2)
  expect(block.hidden.every(layer => !layer.trainable)).toBe(true)
})

async function crossentropy(net: ReturnType<typeof sequential>, x: Tensor, y: Tensor): Promise<number> {
  return losses
    .get('sparseCategoricalCrossentropy')(y, await net.predict(x))
    .item()
}

test('variables that a layer has are weights of it', async () => {
  class Scale extends layers.Layer {
    readonly factor = variable(2, { name: 'factor' })
    override call(x: SymbolicTensor) {
      return ops.mul(x, this.factor)
    }
  }
  const scale = new Scale()
  const net = sequential([input({ shape: [1] }), scale])
  expect(net.weightPaths.map(path => path.split('/').at(-1))).toEqual(['factor'])
  net.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss: 'mse' })
  await net.trainOnBatch([[1]], [[0]])
  expect(scale.factor.value().item()).toBeCloseTo(2 - 0.1 * 4, 6)
})

test('build may be called by hand, and once is enough', () => {
  const block = new Residual()
  block.build([4, 3])
  expect(block.built).toBe(true)
  expect(block.built2).toEqual([[4, 3]])
  block.apply(tensor([[1, 2, 3]]))
  expect(block.built2).toHaveLength(1)
})

test('options that every layer has; others are errors', async () => {
  class Double extends layers.Layer {
    override call(x: SymbolicTensor) {
      return ops.mul(x, 2)
    }
  }
  const double = new Double({ name: 'mine', trainable: false, inputShape: [1], activityRegularizer: 'l1' })
  expect([double.name, double.trainable]).toEqual(['mine', false])
  const net = sequential([double])
  expect(net.built).toBe(true)
  net.compile({ optimizer: 'sgd', loss: 'mse' })
  // The mean of the squares and 0.01 of the sum of the absolute outputs, a sample.
  expect((await net.evaluate([[1], [2]], [[2], [4]], { verbose: 0 })).loss).toBeCloseTo(0.01 * 3, 6)
  const message = (await failure(() => new Double({ nam: 'x' } as never))).message
  expect(message).toMatch(/^Double: unknown option 'nam'; did you mean 'name'\?; known options: .*name, trainable/)
  const dropout = (await failure(() => new MCDropout({ rate: 2 }))).message
  expect(dropout).toMatch(/^Dropout: option 'rate' must be from 0 to 1; received 2/)
})

test('weights are made in build, once a name, of the right kind', async () => {
  const of = (build: (layer: layers.Layer) => void) => {
    class Broken extends layers.Layer {
      override build() {
        build(this)
      }
      override call(x: SymbolicTensor) {
        return x
      }
    }
    return failure(() => new Broken({ name: 'b' }).apply(tensor([[1]])))
  }
  const again = (layer: layers.Layer) => [layer.addWeight('w', [1]), layer.addWeight('w', [1])]
  expect((await of(again)).message).toMatch(/there is a weight of this name already/)
  expect((await of(layer => layer.addWeight('w', [-1]))).message).toMatch(/'b', weight 'w': the shape must be an array/)
  expect((await of(layer => layer.addWeight('', [1]))).message).toMatch(/the name must be a string that is not empty/)
  expect((await of(layer => layer.addWeight('w', [1], { init: 1 } as never))).message).toMatch(/unknown option 'init'/)
  expect(
    (await of(layer => layer.addWeight('w', [1], { initializer: 'zero' as never, dtype: 'x' as never }))).message,
  ).toMatch(/expected dtype float32, int32, uint8 or bool, received 'x'/)
  expect((await of(layer => layer.addWeight('w', [1], { dtype: 'int32', trainable: true }))).message).toMatch(
    /only weights of float32 can be trained/,
  )
  expect((await failure(() => new Swoosh().addWeight('w', [1]))).message).toMatch(/weights are made in build\(\)/)
  // What build looks at while it runs.
  let seen: unknown[] = []
  class Looks extends layers.Layer {
    override build() {
      seen = [this.name, this.className, this.weights.length, this.countParams(), this.trainable]
    }
    override call(x: SymbolicTensor) {
      return x
    }
  }
  new Looks({ name: 'looks' }).apply(tensor([[1]]))
  expect(seen).toEqual(['looks', 'Looks', 0, 0, true])
})

test('a traced tensor that outlives its function is an error', async () => {
  let kept: SymbolicTensor | undefined
  class Leaks extends layers.Layer {
    override call(x: SymbolicTensor) {
      kept ??= x
      return kept
    }
  }
  const leaks = new Leaks()
  leaks.apply(tensor([[1]]))
  expect((await failure(() => leaks.apply(tensor([[1]])))).message).toMatch(/the result belongs to another trace/)
  expect((await failure(() => ops.add(kept as SymbolicTensor, 1))).message).toMatch(/outside of the function/)
})

test('a layer that applies itself ends in an error, not in a crash; one that holds itself is no problem', async () => {
  class Endless extends layers.Layer {
    override call(x: SymbolicTensor): SymbolicTensor {
      return this.apply(x)
    }
  }
  const error = await failure(() => new Endless().apply(tensor([[1]])))
  expect(error.message).toMatch(/calls are nested more than 64 deep: does the function or layer call itself\?/)
  class Holds extends layers.Layer {
    readonly self = { inner: [this] }
    override build() {
      this.addWeight('w', [1])
    }
    override call(x: SymbolicTensor) {
      return x
    }
  }
  const holds = new Holds()
  const net = sequential([input({ shape: [1] }), holds])
  expect(net.weights).toHaveLength(1)
  holds.trainable = false
  expect(net.trainableWeights).toHaveLength(0)
})
