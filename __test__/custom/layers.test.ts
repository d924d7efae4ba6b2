import { input, layers, ops, random, type SymbolicTensor, sequential, tensor, type Variable } from 'glorot'
import { expect, test } from 'vitest'
import { circle, failure } from './data.js'

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
