import { callbacks, grad, layers, metrics, ops } from 'glorot'
import { describe } from 'vitest'
import { refused } from './calls.js'
import { any, dense, fit, net, silent, x, y } from './net.js'

describe('functions and classes of the user', () => {
  const layer = (call: (x: never) => unknown) =>
    new (class Mine extends layers.Layer {
      override call(x: never) {
        return any(call(x))
      }
    })({ name: 'mine' })
  const build = (run: (layer: layers.Layer) => unknown) =>
    new (class Mine extends layers.Layer {
      override build() {
        run(this)
      }
      override call(x: never) {
        return x
      }
    })({ name: 'mine' })
  for (const [name, value] of Object.entries({
    undefined: undefined,
    null: null,
    number: 1,
    text: 'a',
    object: {},
    values: x,
    promise: Promise.resolve(),
  })) {
    const expected = /must return a tensor computed from its arguments/
    refused({
      [`call() gives ${name}`]: [() => layer(() => value).apply(x), 'GLOROT_CONFIG', expected],
      [`a lambda gives ${name}`]: [() => layers.lambda(() => any(value)).apply(x), 'GLOROT_CONFIG', expected],
      [`an activation gives ${name}`]: [
        () => layers.dense({ units: 1, activation: () => any(value) }).apply(x),
        'GLOROT_CONFIG',
        expected,
      ],
      [`a loss gives ${name}`]: [() => net(1, { loss: () => value }).fit(x, y, silent), 'GLOROT_CONFIG', expected],
      [`a metric gives ${name}`]: [
        () => net(1, { metrics: [() => value] }).fit(x, y, silent),
        'GLOROT_CONFIG',
        expected,
      ],
    })
  }
  for (const thrown of [null, undefined, 'text', 3, Symbol('s'), {}]) {
    refused({
      [`call() throws ${String(thrown)}`]: [
        () =>
          layer(() => {
            throw thrown
          }).apply(x),
        'GLOROT_INVALID',
        /call\(\) of Mine threw/,
      ],
      [`build() throws ${String(thrown)}`]: [
        () =>
          build(() => {
            throw thrown
          }).apply(x),
        'GLOROT_INVALID',
        /build\(\) of Mine threw/,
      ],
      [`a loss throws ${String(thrown)}`]: [
        () =>
          net(1, {
            loss: () => {
              throw thrown
            },
          }).fit(x, y, silent),
        'GLOROT_INVALID',
        /loss 'loss' threw/,
      ],
    })
  }
  refused({
    'a class without call()': [() => new (class Mine extends layers.Layer {})().apply(x), 'GLOROT_SHAPE', /call/],
    'Layer itself': [() => new layers.Layer(), 'GLOROT_CONFIG', /extend it, or use layers.lambda\(\)/],
    'options that are none': [
      () =>
        new (class Mine extends layers.Layer {
          override call(x: never) {
            return x
          }
        })(any(3)),
      'GLOROT_CONFIG',
      /Mine: expected an object of options; received 3/,
    ],
    'no outputs': [() => layer(() => []).apply(x), 'GLOROT_CONFIG', /must return at least one tensor/],
    'a layer that calls itself': [
      () => {
        const self: layers.Layer = layer(value => self.apply(value))
        return self.apply(x)
      },
      'GLOROT_SHAPE',
      /nested more than 64 deep: does the function or layer call itself/,
    ],
    'a weight with a wrong shape': [
      () => build(self => self.addWeight('w', [-1])).apply(x),
      'GLOROT_CONFIG',
      /layer 'mine', weight 'w': the shape must be an array of lengths/,
    ],
    'a weight with no name': [
      () => build(self => self.addWeight(any(3), [1])).apply(x),
      'GLOROT_CONFIG',
      /the name must be a string/,
    ],
    'a weight twice': [
      () =>
        build(self => {
          self.addWeight('w', [1])
          self.addWeight('w', [1])
        }).apply(x),
      'GLOROT_CONFIG',
      /there is a weight of this name already/,
    ],
    'a weight outside of build()': [
      () => dense().addWeight('w', [1]),
      'GLOROT_CONFIG',
      /weights are made in build\(\)/,
    ],
    'a config that is none': [
      () =>
        new (class Mine extends layers.Layer {
          override call(x: never) {
            return x
          }
          override getConfig() {
            return any('x')
          }
        })().toJSON(),
      'GLOROT_CONFIG',
      /getConfig\(\) must return an object; received 'x'/,
    ],
    'an initializer that was not made': [
      () => layers.dense({ units: 1, kernelInitializer: any(layers.dense) }),
      'GLOROT_CONFIG',
      /layers.dense makes one: call it/,
    ],
    'an initializer of another shape': [
      () => layers.dense({ units: 1, kernelInitializer: () => [1] }).apply(x),
      'GLOROT_SHAPE',
      /expected a tensor of float32 \[2, 1\], received float32 \[1\]/,
    ],
    'options that contain themselves': [
      () => {
        const options: Record<string, unknown> = { units: 1 }
        options.kernelInitializer = { class_name: 'Zeros', config: options }
        return layers.dense(any(options))
      },
      'GLOROT_CONFIG',
      /contains itself/,
    ],
    'a loss that is no number': [
      () => net(1, { loss: (t: never) => ops.cast(t, 'int32') }).fit(x, y, silent),
      'GLOROT_DATA',
      /float32/,
    ],
    'a loss of targets alone': [
      () => net(1, { loss: (t: never) => ops.mean(t) }).fit(x, y, silent),
      'GLOROT_INVALID',
      /does not depend on any weight that is trained/,
    ],
    'a loss in asynchronous code': [
      () => net(1, { loss: async (t: never) => t }).fit(x, y, silent),
      'GLOROT_CONFIG',
      /received Promise/,
    ],
    'a metric without updateState()': [
      () => net(1, { metrics: [new (class M extends metrics.Metric {})()] }).fit(x, y, silent),
      'GLOROT_CONFIG',
      /the class has no updateState/,
    ],
    'a penalty that is a vector': [
      () => layer(value => value && any(grad)).apply(x),
      'GLOROT_CONFIG',
      /must return a tensor/,
    ],
    'a hook that throws': [
      () =>
        fit({
          callbacks: [
            callbacks.lambdaCallback({
              onEpochEnd() {
                throw Object.assign(new Error('mine'), { code: 'MINE' })
              },
            }),
          ],
        }),
      'MINE',
      /^mine$/,
    ],
    'a hook that is none': [
      () => callbacks.lambdaCallback({ onEpochEnd: any(3) }),
      'GLOROT_CONFIG',
      /'onEpochEnd' must be a function/,
    ],
    'a hook misspelled': [
      () => callbacks.lambdaCallback(any({ onEpoch() {} })),
      'GLOROT_CONFIG',
      /unknown option 'onEpoch'; known options: .*onEpochBegin, onEpochEnd,/,
    ],
    'data to adapt to of another shape': [
      async () => {
        const normal = layers.normalization()
        await normal.adapt(x)
        await normal.adapt([[1, 2, 3]])
      },
      'GLOROT_SHAPE',
      /./,
    ],
    'no data to adapt to': [() => layers.normalization().adapt(any([])), 'GLOROT_SHAPE', /./],
  })
})
