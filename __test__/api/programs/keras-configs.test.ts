import {
  activations,
  constraints,
  initializers,
  layers,
  losses,
  metrics,
  models,
  optimizers,
  regularizers,
  schedules,
  tensor,
} from 'glorot'
import { expect, test } from 'vitest'

test('what Keras serializes, each module reads', () => {
  const dense = {
    module: 'keras.layers',
    class_name: 'Dense',
    config: {
      name: 'hidden',
      units: 3,
      activation: 'relu',
      kernel_initializer: { module: 'keras.initializers', class_name: 'HeNormal', config: { seed: null } },
    },
    registered_name: null,
  }
  expect(layers.deserialize(dense).getConfig()).toMatchObject({ name: 'hidden', units: 3, activation: 'relu' })
  const model = { class_name: 'Sequential', config: { name: 'net', layers: [dense] } }
  expect(models.fromJSON(model).layers[0]?.name).toBe('hidden')
  const activation = activations.deserialize({ class_name: 'leaky_relu', config: { negative_slope: 0.5 } })
  expect(activation(tensor([-2])).item()).toBe(-1)
  expect(
    initializers
      .deserialize({ class_name: 'Constant', config: { value: 3 } })
      .initialize([1])
      .item(),
  ).toBe(3)
  expect(
    regularizers
      .deserialize({ class_name: 'L2', config: { l2: 2 } })
      .penalty(tensor([3]))
      .item(),
  ).toBe(18)
  expect(
    constraints
      .deserialize({ class_name: 'NonNeg', config: {} })
      .project(tensor([-3]))
      .item(),
  ).toBe(0)
  const huber = losses.deserialize({ class_name: 'Huber', config: { delta: 2 } })
  expect(huber(tensor([[0]]), tensor([[4]])).item()).toBe(6)
  const accuracy = metrics.deserialize({ class_name: 'BinaryAccuracy', config: { threshold: 0.3 } })
  accuracy.update(tensor([[1], [0]]), tensor([[0.4], [0.4]]))
  expect(accuracy.result().item()).toBe(0.5)
  const decay = {
    class_name: 'ExponentialDecay',
    config: { initial_learning_rate: 1, decay_steps: 1, decay_rate: 0.5 },
  }
  expect(schedules.deserialize(decay).at(3)).toBe(0.125)
  const sgd = optimizers.deserialize({ class_name: 'SGD', config: { learning_rate: decay, momentum: 0.5 } })
  expect(sgd.learningRate).toBe(1)
  expect(sgd.getConfig()).toMatchObject({ momentum: 0.5 })
})

test.each([
  [() => layers.deserialize({ class_name: 'Dens', config: {} }), /unknown class 'Dens'/],
  [() => optimizers.deserialize({ class_name: 'SGD', config: { momentun: 1 } }), /SGD: unknown option 'momentun'/],
  [() => losses.deserialize({ class_name: 'Huber', config: { delta: 'x' } }), /Huber: option 'delta' must be .*"x"/],
])('a wrong one is named: %#', (make, message) => expect(make).toThrow(message))

test('names give functions of tensors in either spelling', () => {
  const [yTrue, yPred] = [tensor([[1], [2]]), tensor([[2], [4]])]
  expect(losses.get('mse')(yTrue, yPred).item()).toBe(2.5)
  expect(losses.get('mean_squared_error')(yTrue, yPred).item()).toBe(2.5)
  expect(losses.get('meanSquaredError')(yTrue, yPred).item()).toBe(2.5)
  expect(
    activations
      .get('selu')(tensor([1]))
      .item(),
  ).toBeCloseTo(1.0507, 4)
  expect(
    activations
      .get('hardSigmoid')(tensor([0]))
      .item(),
  ).toBe(0.5)
  expect(
    activations
      .get('hard_sigmoid')(tensor([0]))
      .item(),
  ).toBe(0.5)
})
