import { input, layers, metrics, ops, type SymbolicTensor, sequential, tensor } from 'glorot'
import { expect, test } from 'vitest'
import { failure } from '../api/data.js'

class LargestError extends metrics.Metric {
  readonly largest = this.addVariable('largest')

  override updateState(yTrue: SymbolicTensor, yPred: SymbolicTensor) {
    this.largest.assign(ops.maximum(this.largest, ops.max(ops.abs(ops.sub(yTrue, yPred)))))
  }

  override value() {
    return ops.mul(this.largest, 1)
  }
}

/** The mean of the errors, weighted. */
class WeightedError extends metrics.Metric {
  readonly total = this.addVariable('total')
  readonly count = this.addVariable('count')

  override updateState(yTrue: SymbolicTensor, yPred: SymbolicTensor, sampleWeight?: SymbolicTensor) {
    const errors = ops.reshape(ops.abs(ops.sub(yTrue, yPred)), [-1])
    const weights = sampleWeight ?? ops.add(ops.mul(errors, 0), 1)
    this.total.assignAdd(ops.sum(ops.mul(errors, weights)))
    this.count.assignAdd(ops.sum(weights))
  }

  override value() {
    return ops.div(this.total, this.count)
  }
}

const identity = () => {
  const net = sequential([input({ shape: [1] }), layers.dense({ units: 1, kernelInitializer: 'ones' })])
  return net
}

const x = tensor([[1], [2], [3], [4], [5]])
const y = tensor([[1], [2.5], [3], [2], [5]])

test('on its own', () => {
  const metric = new LargestError()
  expect(metric.name).toBe('largest_error')
  metric.update([[1], [2]], [[1], [5]])
  metric.update([[1], [2]], [[2], [2]])
  expect(metric.result().item()).toBe(3)
  metric.reset()
  expect(metric.result().item()).toBe(0)
  expect(metric.variables).toEqual([metric.largest])
  expect(metric.getConfig()).toEqual({ name: 'largest_error' })
})

test('in a model: over batches and a remainder, reset each time, weighted', async () => {
  const net = identity()
  net.compile({
    optimizer: 'sgd',
    loss: 'mse',
    metrics: [new LargestError({ name: 'worst' }), new WeightedError()],
    weightedMetrics: [new WeightedError()],
  })
  const sampleWeight = [1, 2, 1, 0, 1]
  for (let round = 0; round < 2; round++) {
    const scores = await net.evaluate(x, y, { batchSize: 2, sampleWeight, verbose: 0 })
    expect(Object.keys(scores)).toEqual(['loss', 'worst', 'weightedError', 'weightedWeightedError'])
    expect(scores.worst).toBe(2)
    expect(scores.weightedError).toBeCloseTo(0.5, 6)
    expect(scores.weightedWeightedError).toBeCloseTo(1 / 5, 6)
  }
  const { history } = await net.fit(x, y, { batchSize: 2, epochs: 2, verbose: 0 })
  expect(history.worst).toHaveLength(2)
})

test('a function with a name of its own', async () => {
  const net = identity()
  const error = metrics.meanMetricWrapper((yTrue, yPred) => ops.abs(ops.sub(yTrue, yPred)), { name: 'distance' })
  net.compile({ optimizer: 'sgd', loss: 'mse', metrics: [error, 'mae'] })
  const scores = await net.evaluate(x, y, { batchSize: 2, verbose: 0 })
  expect(Object.keys(scores)).toEqual(['loss', 'distance', 'mae'])
  expect(scores.distance).toBeCloseTo(scores.mae as number, 6)
})

test('what goes wrong', async () => {
  class Empty extends metrics.Metric {}
  expect((await failure(() => new Empty().update([[1]], [[1]]))).message).toMatch(
    /^Empty: the class has no updateState/,
  )
  class NoTensor extends LargestError {
    override value() {
      return 3 as never
    }
  }
  expect((await failure(() => new NoTensor().result())).message).toMatch(/^value\(\) of NoTensor must return a tensor/)
  class WrongShape extends LargestError {
    override updateState(yTrue: SymbolicTensor) {
      this.largest.assign(yTrue)
    }
  }
  expect((await failure(() => new WrongShape().update([[1]], [[1]]))).message).toBe(
    "variable 'largest' has float32 []; received float32 [1, 1]",
  )
  expect((await failure(() => new LargestError({ nam: 'x' } as never))).message).toMatch(/unknown option 'nam'/)
  expect((await failure(() => metrics.get('mse').addVariable('x'))).message).toMatch(/only classes that extend Metric/)
})
