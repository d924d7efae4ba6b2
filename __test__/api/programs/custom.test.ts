import {
  input,
  layers,
  losses,
  ops,
  optimizers,
  random,
  type Shape,
  type SymbolicTensor,
  sequential,
  tensor,
  type Variable,
  valueAndGrad,
  variable,
} from 'glorot'
import { expect, test } from 'vitest'

class Swoosh extends layers.Layer {
  alpha!: Variable
  override build(shape: Shape) {
    this.alpha = this.addWeight('alpha', [shape.at(-1) as number], { initializer: 'ones' })
  }
  override call(x: SymbolicTensor) {
    return ops.mul(x, ops.sigmoid(ops.mul(this.alpha, x)))
  }
}

test('custom layer, custom loss', async () => {
  random.setSeed(5)
  const swoosh = new Swoosh()
  const net = sequential([input({ shape: [2] }), layers.dense({ units: 8 }), swoosh, layers.dense({ units: 1 })])
  net.compile({ optimizer: 'sgd', loss: (yTrue, yPred) => ops.mean(ops.square(ops.sub(yTrue, yPred))) })
  const x = tensor(
    Float32Array.from({ length: 128 }, (_, i) => Math.sin(3 * i)),
    [64, 2],
  )
  const y = ops.prod(x, 1, { keepDims: true })
  const { history } = await net.fit(x, y, { epochs: 40, verbose: 0 })
  expect(history.loss?.at(-1)).toBeLessThan((history.loss?.[0] as number) / 2)
  expect(swoosh.alpha.value().toArray()).not.toEqual(Array(8).fill(1))
})

test('autograd by hand', () => {
  const x = tensor([[1], [2], [3]])
  const y = tensor([[3], [5], [7]])
  const [w, b] = [variable([[0]]), variable([0])]
  const optimizer = optimizers.sgd({ learningRate: 0.1 })
  const step = valueAndGrad((w, b) => ops.mean(ops.square(ops.sub(ops.add(ops.matMul(x, w), b), y))))
  const first = step(w, b)
  expect(first.value.item()).toBeCloseTo((9 + 25 + 49) / 3, 5)
  for (let i = 0; i < 500; i++) {
    const { grads } = step(w, b)
    optimizer.apply(grads, [w, b])
  }
  expect(w.value().item()).toBeCloseTo(2, 3)
  expect(b.value().item()).toBeCloseTo(1, 3)
})

test('autograd by the weights of a model', async () => {
  random.setSeed(5)
  const net = sequential([input({ shape: [1] }), layers.dense({ units: 1 })])
  const x = tensor([[1], [2], [3]])
  const y = tensor([[3], [5], [7]])
  const optimizer = optimizers.adam({ learningRate: 0.1 })
  const loss = (..._weights: SymbolicTensor[]) => losses.get('mse')(y, net.apply(x, { training: true }))
  for (let i = 0; i < 300; i++) {
    optimizer.apply(valueAndGrad(loss)(...net.trainableWeights).grads, net.trainableWeights)
  }
  expect((await net.predict([[10]])).item()).toBeCloseTo(21, 1)
})
