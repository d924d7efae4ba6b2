import { losses, metrics, optimizers } from 'glorot'
import { describe } from 'vitest'
import { refused } from './calls.js'
import { any, dense, net, silent, x, y } from './net.js'

describe('compile', () => {
  const compile = (options: unknown) => () => net().compile(any(options))
  refused({
    'no options': [
      compile(undefined),
      'GLOROT_CONFIG',
      /expected an object of options, as \{ optimizer: 'nadam', loss: 'mse' \}/,
    ],
    'the optimizer alone': [compile('sgd'), 'GLOROT_CONFIG', /received 'sgd'/],
    'no optimizer': [compile({ loss: 'mse' }), 'GLOROT_CONFIG', /option 'optimizer' is missing/],
    'an optimizer that was not made': [
      compile({ optimizer: optimizers.sgd }),
      'GLOROT_CONFIG',
      /optimizers.sgd makes one: call it, optimizers.sgd\(\)/,
    ],
    'a loss that was not made': [
      compile({ optimizer: 'sgd', loss: losses.huber }),
      'GLOROT_CONFIG',
      /losses.huber makes one: call it/,
    ],
    'a metric that was not made': [
      compile({ optimizer: 'sgd', metrics: [metrics.auc] }),
      'GLOROT_CONFIG',
      /metrics.auc makes one: call it/,
    ],
    'a loss that is a layer': [compile({ optimizer: 'sgd', loss: dense() }), 'GLOROT_CONFIG', /unknown loss 'Dense'/],
    'two losses of one output': [
      compile({ optimizer: 'sgd', loss: ['mse', 'mae'] }),
      'GLOROT_CONFIG',
      /one for each of 1 outputs, received 2/,
    ],
    'a loss of no output': [
      compile({ optimizer: 'sgd', loss: { other: 'mse' } }),
      'GLOROT_CONFIG',
      /there is no output 'other'; outputs: 'out'/,
    ],
    'losses of nothing': [
      compile({ optimizer: 'sgd', loss: {} }),
      'GLOROT_CONFIG',
      /the object is empty; outputs: 'out'/,
    ],
    'a map of losses': [compile({ optimizer: 'sgd', loss: new Map() }), 'GLOROT_CONFIG', /cannot be Map/],
    'a loss of NaN': [compile({ optimizer: 'sgd', loss: Number.NaN }), 'GLOROT_CONFIG', /cannot be NaN/],
    'weights that are no numbers': [
      compile({ optimizer: 'sgd', loss: 'mse', lossWeights: ['1'] }),
      'GLOROT_CONFIG',
      /'lossWeights' must have a number/,
    ],
    'a weight that is NaN': [
      compile({ optimizer: 'sgd', loss: 'mse', lossWeights: [Number.NaN] }),
      'GLOROT_CONFIG',
      /received NaN/,
    ],
    'metrics that are numbers': [
      compile({ optimizer: 'sgd', metrics: ['mae', 3] }),
      'GLOROT_CONFIG',
      /expected a name or \{ class_name, config \}, received 3/,
    ],
    'threads below one': [
      compile({ optimizer: 'sgd', threads: 0 }),
      'GLOROT_CONFIG',
      /'threads' must be a whole number of at least 1/,
    ],
    'threads beyond reason': [compile({ optimizer: 'sgd', threads: 1e9 }), 'GLOROT_CONFIG', /at most 1024/],
    'a device that is none': [
      compile({ optimizer: 'sgd', device: 'tpu' }),
      'GLOROT_DEVICE',
      /there is no device 'tpu'; available: 'cpu'/,
    ],
    'an optimizer of another model': [
      async () => {
        const optimizer = optimizers.adam()
        await net(1, { optimizer }).fit(x, y, silent)
        await net(1, { optimizer }).fit(x, y, silent)
      },
      'GLOROT_CONFIG',
      /Adam: the optimizer was built for other weights; make a new one/,
    ],
  })
})
