// "Faster Optimizers": each equation of the notes beside the optimizer, on one weight.
import { optimizers, variable } from 'glorot'
import { expect, test } from 'vitest'

/** The gradient of 2 θ². */
const gradient = (theta: number) => 4 * theta

/** Ten steps from θ = 1. */
function steps(optimizer: optimizers.Optimizer): number[] {
  const weight = variable(1)
  return Array.from({ length: 10 }, () => {
    optimizer.apply([gradient(weight.value().item())], [weight])
    return weight.value().item()
  })
}

const rate = 0.05

/** Ten steps of a rule with its state. */
function byHand<State>(state: State, rule: (state: State, theta: number, t: number) => number): number[] {
  let theta = 1
  return Array.from({ length: 10 }, (_, i) => {
    theta = rule(state, theta, i + 1)
    return theta
  })
}

const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }

const rules: Record<string, [optimizer: () => optimizers.Optimizer, expected: () => number[]]> = {
  'gradient descent': [
    () => optimizers.sgd({ learningRate: rate }),
    () => byHand({}, (_, theta) => theta - rate * gradient(theta)),
  ],
  // In [18]
  momentum: [
    () => optimizers.sgd({ learningRate: rate, momentum: 0.9 }),
    () =>
      byHand({ m: 0 }, (s, theta) => {
        s.m = 0.9 * s.m - rate * gradient(theta)
        return theta + s.m
      }),
  ],
  // In [19]. Keras keeps θ + βm in place of θ: the gradient is measured where the weight is.
  'Nesterov accelerated gradient': [
    () => optimizers.sgd({ learningRate: rate, momentum: 0.9, nesterov: true }),
    () => {
      let [theta, m] = [1, 0]
      return Array.from({ length: 10 }, () => {
        m = 0.9 * m - rate * gradient(theta + 0.9 * m)
        theta += m
        return theta + 0.9 * m
      })
    },
  ],
  AdaGrad: [
    () => optimizers.adagrad({ learningRate: rate, initialAccumulatorValue: 0, epsilon: 1e-7 }),
    () =>
      byHand({ s: 0 }, (state, theta) => {
        state.s += gradient(theta) ** 2
        return theta - (rate * gradient(theta)) / Math.sqrt(state.s + 1e-7)
      }),
  ],
  // In [20]
  RMSProp: [
    () => optimizers.rmsprop({ learningRate: rate, rho: 0.9, epsilon: 1e-7 }),
    () =>
      byHand({ s: 0 }, (state, theta) => {
        state.s = 0.9 * state.s + 0.1 * gradient(theta) ** 2
        return theta - (rate * gradient(theta)) / Math.sqrt(state.s + 1e-7)
      }),
  ],
  // In [21]. Epsilon is added outside of the root, as in the paper and in Keras.
  Adam: [
    () => optimizers.adam({ learningRate: rate, ...adam }),
    () =>
      byHand({ m: 0, s: 0 }, (state, theta, t) => {
        state.m = 0.9 * state.m + 0.1 * gradient(theta)
        state.s = 0.999 * state.s + 0.001 * gradient(theta) ** 2
        const [m, s] = [state.m / (1 - 0.9 ** t), state.s / (1 - 0.999 ** t)]
        return theta - (rate * m) / (Math.sqrt(s) + 1e-7)
      }),
  ],
  Adamax: [
    () => optimizers.adamax({ learningRate: rate, ...adam }),
    () =>
      byHand({ m: 0, s: 0 }, (state, theta, t) => {
        state.m = 0.9 * state.m + 0.1 * gradient(theta)
        state.s = Math.max(0.999 * state.s, Math.abs(gradient(theta)))
        return theta - (rate / (1 - 0.9 ** t)) * (state.m / (state.s + 1e-7))
      }),
  ],
  // Adam whose momentum looks one step ahead (Dozat, 2015).
  Nadam: [
    () => optimizers.nadam({ learningRate: rate, ...adam }),
    () => {
      const mu = (t: number) => 0.9 * (1 - 0.5 * 0.96 ** t)
      return byHand({ m: 0, s: 0, product: 1 }, (state, theta, t) => {
        state.product *= mu(t)
        state.m = 0.9 * state.m + 0.1 * gradient(theta)
        state.s = 0.999 * state.s + 0.001 * gradient(theta) ** 2
        const m =
          (mu(t + 1) * state.m) / (1 - state.product * mu(t + 1)) +
          ((1 - mu(t)) * gradient(theta)) / (1 - state.product)
        return theta - (rate * m) / (Math.sqrt(state.s / (1 - 0.999 ** t)) + 1e-7)
      })
    },
  ],
}

test.each(Object.entries(rules))('%s', (_, [optimizer, expected]) => {
  const actual = steps(optimizer())
  for (const [i, value] of expected().entries()) expect(actual[i]).toBeCloseTo(value, 5)
})

test('AdaGrad points towards the optimum of an elongated bowl, gradient descent down the slope', () => {
  const direction = (optimizer: optimizers.Optimizer) => {
    const weight = variable([1, 1])
    // The gradient of θ₁² / 2 + 50 θ₂².
    optimizer.apply([[1, 100]], [weight])
    const [first, second] = weight.value().data()
    return (1 - (second as number)) / (1 - (first as number))
  }
  expect(direction(optimizers.sgd({ learningRate: 0.001 }))).toBeCloseTo(100, 1)
  expect(direction(optimizers.adagrad({ learningRate: 0.001, initialAccumulatorValue: 0 }))).toBeCloseTo(1, 3)
})
