import { callbacks, sequential } from 'glorot'
import { describe, expect, test } from 'vitest'
import { refused } from './calls.js'
import { any, classes, dense, fit, labels, net, silent, x, y } from './net.js'
import { refusals } from './wrong.js'

describe('fit', () => {
  const options = {
    epochs: ['whole', 0],
    initialEpoch: ['whole', -1],
    batchSize: ['whole', 0, -1],
    validationSplit: ['number', -0.1, 1, 2],
    validationBatchSize: ['whole', 0],
    validationFreq: ['whole', 0],
    validationSteps: ['whole', 0],
    shuffle: ['flag'],
    stepsPerEpoch: ['whole', 0],
    stopOnNonFinite: ['flag'],
    verbose: ['whole', 3, -1],
    signal: ['object'],
  } as const
  test.each(Object.entries(options))('option %s', async (option, [kind, ...also]) => {
    expect(await refusals(option, kind, value => fit({ [option]: value }), also)).toBeGreaterThan(10)
  })
  const generator = (...values: unknown[]) =>
    any(
      (function* () {
        yield* values
      })(),
    )
  const busy = async (meanwhile: (model: ReturnType<typeof net>) => unknown) => {
    const model = net()
    const stop = new AbortController()
    const run = model.fit(x, y, { epochs: 1e6, signal: stop.signal, ...silent }).catch(() => {})
    try {
      await meanwhile(model)
    } finally {
      stop.abort()
      await run
    }
  }
  refused({
    'options that are none': [
      () => net().fit(x, y, any('x')),
      'GLOROT_CONFIG',
      /fit: expected an object of options, received 'x'/,
    ],
    'an option misspelled': [() => fit({ epoch: 3 }), 'GLOROT_CONFIG', /unknown option 'epoch'; known options: epochs/],
    'fewer epochs than the first': [
      () => fit({ epochs: 2, initialEpoch: 5 }),
      'GLOROT_CONFIG',
      /initialEpoch: expected at most epochs \(2\), received 5/,
    ],
    'validation data of x alone': [
      () => fit({ validationData: [x] }),
      'GLOROT_CONFIG',
      /must be \[x, y\], \[x, y, sampleWeight\] or batches of these/,
    ],
    'validation data of another shape': [
      () => fit({ validationData: [y, y] }),
      'GLOROT_DATA',
      /^validationData: input 'x' of model 'net': expected shape/,
    ],
    'validation data that are text': [() => fit({ validationData: '' }), 'GLOROT_CONFIG', /received ''/],
    'weights of classes below 0': [
      () => fit({ classWeight: { 0: -1 } }),
      'GLOROT_CONFIG',
      /'classWeight' must be an object of class numbers/,
    ],
    'weights of classes that are no numbers': [
      () => fit({ classWeight: { cat: 1 } }),
      'GLOROT_CONFIG',
      /received \{ cat: 1 \}/,
    ],
    'weights of classes and of samples': [
      () =>
        classes('sparseCategoricalCrossentropy').fit(x, labels, {
          classWeight: { 0: 1 },
          sampleWeight: Array(10).fill(1),
          ...silent,
        }),
      'GLOROT_CONFIG',
      /classWeight: cannot be combined with sampleWeight/,
    ],
    'a callback that was not made': [
      () => fit({ callbacks: [callbacks.earlyStopping] }),
      'GLOROT_CONFIG',
      /callbacks.earlyStopping makes one: call it/,
    ],
    'a callback that is an object': [
      () => fit({ callbacks: [{ onEpochEnd() {} }] }),
      'GLOROT_CONFIG',
      /objects of classes that extend callbacks.Callback/,
    ],
    'a model without a loss': [
      () => net(1, { loss: undefined }).fit(x, y, silent),
      'GLOROT_DATA',
      /model 'net' has no loss: compile it with one/,
    ],
    'a model that is not compiled': [
      () => sequential([dense()], { name: 'm' }).fit(x, y),
      'GLOROT_CONFIG',
      /model 'm' must be compiled before fit\(\)/,
    ],
    'the optimizer of none': [
      () => sequential([dense()], { name: 'm' }).optimizer,
      'GLOROT_CONFIG',
      /has no optimizer yet: call compile/,
    ],
    'a model without layers': [
      () => {
        const empty = sequential([], { name: 'm' })
        empty.compile({ optimizer: 'sgd', loss: 'mse' })
        return empty.fit(x, y, silent)
      },
      'GLOROT_INVALID',
      /model 'm' has no layers/,
    ],
    'targets beside batches': [
      () => net().fit(generator([x, y]), any(y)),
      'GLOROT_CONFIG',
      /have the targets with them: only options may follow/,
    ],
    'batches of numbers': [
      () => net().fit(generator(3), silent),
      'GLOROT_CONFIG',
      /expected batches \[x, y\] or \[x, y, sampleWeight\], received 3/,
    ],
    'batches of tensors': [() => net().fit(generator(x), silent), 'GLOROT_CONFIG', /received Tensor/],
    'batches of four': [() => net().fit(generator([x, y, y, y]), silent), 'GLOROT_CONFIG', /expected batches/],
    'batches of another shape': [
      () => net().fit(generator([y, y]), silent),
      'GLOROT_DATA',
      /expected shape \[null, 2\]/,
    ],
    'no batches': [() => net().fit(generator(), silent), 'GLOROT_DATA', /fit: there are no batches/],
    'batches without an iterator': [
      () => net().fit(any({ [Symbol.iterator]: () => 3 }), silent),
      'GLOROT_CONFIG',
      /must return an iterator; received 3/,
    ],
    'no batch read ahead': [
      () => net().fit(generator([x, y]), { prefetch: 0, ...silent }),
      'GLOROT_CONFIG',
      /'prefetch' must be a whole number of at least 1/,
    ],
    'events with a wrong option': [
      async () => {
        for await (const _ of net().train(x, y, any({ epoch: 1 })));
      },
      'GLOROT_CONFIG',
      /unknown option 'epoch'/,
    ],
    'events with a wrong signal': [
      async () => {
        for await (const _ of net().train(x, y, { signal: any(3) }));
      },
      'GLOROT_CONFIG',
      /'signal' must be an AbortSignal/,
    ],
    'fit while it trains': [
      () => busy(model => model.fit(x, y, silent)),
      'GLOROT_BUSY',
      /model 'net' is being trained.*before you start another/,
    ],
    'compile while it trains': [
      () => busy(model => model.compile({ optimizer: 'sgd' })),
      'GLOROT_BUSY',
      /before you compile it/,
    ],
    'add while it trains': [() => busy(model => model.add(dense())), 'GLOROT_BUSY', /before you change its layers/],
    'a step while it trains': [() => busy(model => model.trainOnBatch(x, y)), 'GLOROT_BUSY', /being trained/],
    'a search of what is no range': [
      () => net().findLearningRate(x, y, { min: 1, max: 0.1 }),
      'GLOROT_CONFIG',
      /'min' must be less than max/,
    ],
    'a search with options that are none': [
      () => net().findLearningRate(x, y, any('x')),
      'GLOROT_CONFIG',
      /findLearningRate: expected an object of options/,
    ],
    'a plot of nothing': [
      async () => (await fit()).plot(any(null)),
      'GLOROT_CONFIG',
      /expected a path that ends in .svg, received null/,
    ],
    'a plot as PNG': [async () => (await fit()).plot('x.png'), 'GLOROT_CONFIG', /received 'x.png'/],
  })
})
