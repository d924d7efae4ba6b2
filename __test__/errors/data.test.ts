import { input, layers, sequential, tensor } from 'glorot'
import { describe, expect, test } from 'vitest'
import { failure } from '../api/data.js'
import { refused } from './calls.js'
import { any, classes, fit, labels, net, silent, x, y } from './net.js'

describe('data', () => {
  const predict = (data: unknown) => () => net().predict(any(data))
  for (const [name, value] of Object.entries({
    text: 'abc',
    nothing: null,
    date: new Date(0),
    function: () => 1,
    symbol: Symbol('s'),
    big: 10n,
  })) {
    test(`${name} as data`, async () => {
      for (const call of [
        () => net().fit(any(value), y, silent),
        () => net().fit(x, any(value), silent),
        () => net().evaluate(x, any(value), silent),
        () => net().trainOnBatch(any(value), y),
        () => fit({ sampleWeight: value ?? 'null' }),
        predict(value),
      ]) {
        expect((await failure(call)).code).toMatch(/^GLOROT_(DATA|SHAPE)$/)
      }
    })
  }
  refused({
    'no data': [predict(undefined), 'GLOROT_DATA', /model 'net': expected 1 input \('x'\), received 0/],
    'no targets': [
      () => net().fit(x, undefined, silent),
      'GLOROT_DATA',
      /y: expected 1 tensor for the output 'out', received 0/,
    ],
    'an object without a tensor': [
      predict({}),
      'GLOROT_DATA',
      /x: expected a tensor, or an object with one for each of 'x'; received \{\}/,
    ],
    'data of another name': [predict({ z: x }), 'GLOROT_DATA', /x: 'z' is none of 'x'/],
    'too many inputs': [predict([x, x]), 'GLOROT_DATA', /expected 1 input \('x'\), received 2/],
    'too many targets': [
      () => net().fit(x, [y, y], silent),
      'GLOROT_DATA',
      /expected 1 tensor for the output 'out', received 2/,
    ],
    'one sample without a batch': [
      predict([1, 2]),
      'GLOROT_DATA',
      /a single sample needs a batch axis: shape \[1, …\]/,
    ],
    'samples of another shape': [
      predict([[1, 2, 3]]),
      'GLOROT_DATA',
      /input 'x' of model 'net': expected shape \[null, 2\], received \[null, 3\]/,
    ],
    'no samples': [predict(tensor([], [0, 2])), 'GLOROT_DATA', /x is empty: its shape is \[0, 2\]/],
    'more samples than targets': [
      () => net().fit(x, y.slice(0, 9), silent),
      'GLOROT_DATA',
      /y of output 'out' has 9 samples, but x has 10/,
    ],
    'targets of another shape': [
      () => net().fit(x, x, silent),
      'GLOROT_DATA',
      /shape \[null, 2\]: mean_squared_error takes the shape of the output: expected \[null, 1\]/,
    ],
    'a number as targets': [
      () => net().fit(x, any(1), silent),
      'GLOROT_DATA',
      /expected samples along the first axis, received a scalar/,
    ],
    'one-hot targets of a sparse loss': [
      () => classes('sparseCategoricalCrossentropy').fit(x, tensor(new Float32Array(30), [10, 3]), silent),
      'GLOROT_DATA',
      /takes one integer label a sample; use categoricalCrossentropy for one-hot targets/,
    ],
    'labels for one-hot targets': [
      () => classes('categoricalCrossentropy').fit(x, labels, silent),
      'GLOROT_DATA',
      /takes one-hot targets of shape \[null, 3\]; use sparseCategoricalCrossentropy for integer labels/,
    ],
    'a label beyond the classes': [
      () => classes('sparseCategoricalCrossentropy').fit(x, tensor(new Int32Array(10).fill(3)), silent),
      'GLOROT_DATA',
      /label 3 of sample 0 is out of range: the output has 3 classes/,
    ],
    'a label below 0': [
      () => classes('sparseCategoricalCrossentropy').fit(x, tensor(new Int32Array(10).fill(-1)), silent),
      'GLOROT_DATA',
      /label -1 of sample 0 is out of range/,
    ],
    'a label beyond the classes of a robust loss': [
      () => classes('categoricalGeneralizedCrossEntropy').fit(x, tensor(new Int32Array(10).fill(3)), silent),
      'GLOROT_DATA',
      /label 3 of sample 0 is out of range: the output has 3 classes/,
    ],
    'one-hot targets of a robust loss': [
      () => classes('categoricalGeneralizedCrossEntropy').fit(x, tensor(new Float32Array(30), [10, 3]), silent),
      'GLOROT_DATA',
      /takes one integer label a sample/,
    ],
    'embeddings of circle that are no vectors': [
      () => {
        const net = sequential([input({ shape: [2, 1] }), layers.dense({ units: 3, name: 'out' })])
        net.compile({ optimizer: 'sgd', loss: 'circle' })
        return net.fit(tensor(new Float32Array(20), [10, 2, 1]), tensor(new Int32Array(20), [10, 2]), silent)
      },
      'GLOROT_DATA',
      /output 'out': Circle: expected predictions \[samples, size\], received \[10, 2, 3\]/,
    ],
    'one-hot targets of circle': [
      () => classes('circle').fit(x, tensor(new Float32Array(30), [10, 3]), silent),
      'GLOROT_DATA',
      /circle takes one integer label a sample: expected shape \[null\]/,
    ],
    'a label between classes': [
      () => classes('sparseCategoricalCrossentropy').fit(x, tensor(new Float32Array(10).fill(0.5)), silent),
      'GLOROT_DATA',
      /label 0.5 of sample 0 is out of range/,
    ],
    'a label beyond the rows of an embedding': [
      () =>
        sequential([input({ shape: [1], dtype: 'int32' }), layers.embedding({ inputDim: 3, outputDim: 2 })]).predict(
          tensor(new Int32Array([5]), [1, 1]),
        ),
      'GLOROT_DATA',
      /index 5 of sample 0 is out of range.*has 3 rows/,
    ],
    'weights of too few samples': [
      () => fit({ sampleWeight: [1, 2] }),
      'GLOROT_DATA',
      /sampleWeight has 2 samples, but x has 10/,
    ],
    'weights of another shape': [
      () => fit({ sampleWeight: x }),
      'GLOROT_DATA',
      /sample weights must have the shape of the losses, \[10\]; received \[10, 2\]/,
    ],
    'NaN among the inputs': [
      () => net().fit([[Number.NaN, 1]], [[1]], silent),
      'GLOROT_NONFINITE_LOSS',
      /the loss became NaN in epoch 1, step 1.*check that inputs/,
    ],
    'more predictions than memory holds': [
      () => net().predictSamples(x, { samples: 1e15 }),
      'GLOROT_DEVICE',
      /no memory for outputs of shape/,
    ],
  })
})
