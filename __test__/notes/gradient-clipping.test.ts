// "Gradient Clipping".
import { input, layers, optimizers, sequential, variable } from 'glorot'
import { expect, test } from 'vitest'

/** How an optimizer changes the gradient [0.9, 100]: what a step of learning rate 1 takes away. */
function clipped(options: optimizers.SgdOptions): number[] {
  const weight = variable([0, 0])
  optimizers.sgd({ learningRate: 1, ...options }).apply([[0.9, 100]], [weight])
  return Array.from(weight.value().data(), value => -value)
}

// In [5]
test('an optimizer that clips trains a model', async () => {
  const optimizer = optimizers.sgd({ clipValue: 1 })
  const model = sequential([input({ shape: [1] }), layers.dense({ units: 1 })])
  model.compile({ loss: 'mse', optimizer })
  const [before] = model.getWeights()
  await model.trainOnBatch([[1e6]], [[-1e6]])
  const [after] = model.getWeights()
  expect(Math.abs((after?.item() as number) - (before?.item() as number))).toBeCloseTo(0.01, 6)
})

test('clipValue clips every component and may change the direction', () => {
  const [first, second] = clipped({ clipValue: 1 })
  expect(first).toBeCloseTo(0.9, 6)
  expect(second).toBe(1)
})

test('clipNorm keeps the direction', () => {
  const [first, second] = clipped({ clipNorm: 1 })
  expect(first).toBeCloseTo(0.00899964, 7)
  expect(second).toBeCloseTo(0.9999595, 6)
  const [globally] = clipped({ globalClipNorm: 1 })
  expect(globally).toBeCloseTo(0.00899964, 7)
})
