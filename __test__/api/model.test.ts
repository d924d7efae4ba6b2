import { input, layers, model, models, optimizers, sequential, tensor } from 'glorot'
import { expect, test } from 'vitest'
import { failure } from './data.js'

/** The batch-normalized network that the notes train on Fashion-MNIST. */
const notes = () =>
  sequential([
    input({ shape: [28, 28] }),
    layers.flatten(),
    layers.batchNormalization(),
    layers.dense({ units: 300, activation: 'elu', kernelInitializer: 'heNormal' }),
    layers.batchNormalization(),
    layers.dense({ units: 100, activation: 'elu', kernelInitializer: 'heNormal' }),
    layers.batchNormalization(),
    layers.dense({ units: 10, activation: 'softmax' }),
  ])

test('the summary has the parameter counts of the notes', () => {
  const lines: string[] = []
  const net = notes()
  const text = net.summary({ print: line => lines.push(line), lineLength: 88 })
  expect(lines).toEqual([text])
  expect(net.layers.map(layer => layer.countParams())).toEqual([0, 3136, 235500, 1200, 30100, 400, 1010])
  expect(text).toContain('Total params: 271,346')
  expect(text).toContain('Trainable params: 268,978')
  expect(text).toContain('Non-trainable params: 2,368')
})

test('layers that come out of a model are those that went in', () => {
  const dense = layers.dense({ units: 3, name: 'mine' })
  const net = sequential([input({ shape: [2] }), dense])
  expect(net.layers).toEqual([dense])
  expect(net.getLayer('mine')).toBe(dense)
  expect(net.weightPaths.map(path => path.split('/').slice(1))).toEqual([
    ['mine', 'kernel'],
    ['mine', 'bias'],
  ])
  const copy = models.fromJSON(JSON.parse(JSON.stringify(net)))
  expect(copy.layers[0]).toBeInstanceOf(layers.Dense)
  expect(copy.toJSON().config.layers).toEqual(net.toJSON().config.layers)
})

test('weights can be read and replaced', async () => {
  const net = sequential([input({ shape: [2] }), layers.dense({ units: 1 })])
  net.setWeights([[[1], [2]], [3]])
  expect(net.getWeights().map(weight => weight.toArray())).toEqual([[[1], [2]], [3]])
  expect((await net.predict(tensor([[10, 100]]))).toArray()).toEqual([[213]])
  const error = await failure(() => net.setWeights([[[1, 2]], [3]]))
  expect(error.message).toContain('kernel')
  expect(error.message).toContain('[2, 1]')
  const [kernel] = net.getWeights()
  ;(kernel?.data() as Float32Array)[0] = 99
  expect(net.getWeights()[0]?.toArray()).toEqual([[1], [2]])
})

test('functional models: skip connections, several inputs and outputs', async () => {
  const [a, b] = [input({ shape: [2] }), input({ shape: [2] })]
  const sum = layers.add().apply([a, b])
  const joined = layers.concatenate().apply([sum, a])
  const net = model({ inputs: [a, b], outputs: [sum, joined], name: 'both' })
  expect(net.name).toBe('both')
  const x = [tensor([[1, 2]]), tensor([[10, 20]])]
  const [first, second] = (await net.predict(x)) as never as ReturnType<typeof tensor>[]
  expect(first?.toArray()).toEqual([[11, 22]])
  expect(second?.toArray()).toEqual([[11, 22, 1, 2]])
  expect(joined.shape).toEqual([null, 4])
  const inner = model({ inputs: [a, b], outputs: joined })
  const head = layers.dense({ units: 1 }).apply(inner.apply([a, b]))
  expect(model({ inputs: [a, b], outputs: head }).layers).toContain(inner)
})

test('a sequential model without an input is built by the first data', async () => {
  const net = sequential([layers.dense({ units: 3 })])
  expect(net.built).toBe(false)
  expect((await net.predict(tensor([[1, 2, 3, 4]]))).shape).toEqual([1, 3])
  expect(net.countParams()).toBe(15)
})

test('freezing takes effect at the next compile', () => {
  const dense = layers.dense({ units: 3 })
  const net = sequential([input({ shape: [2] }), dense, layers.dense({ units: 1 })])
  dense.trainable = false
  expect(net.trainableWeights).toHaveLength(2)
  net.trainable = false
  expect(net.trainableWeights).toHaveLength(0)
})

test.each([
  [
    'units of the wrong type',
    () => layers.dense({ units: '3' as never }),
    'GLOROT_CONFIG',
    "Dense: option 'units' must be",
  ],
  [
    'a misspelled option',
    () => layers.dropout({ rate: 0.5, sed: 1 } as never),
    'GLOROT_CONFIG',
    "Dropout: unknown option 'sed'",
  ],
  ['a rate out of range', () => layers.dropout({ rate: 2 }), 'GLOROT_CONFIG', "option 'rate' must be"],
  ['NaN', () => layers.rescaling({ scale: Number.NaN }), 'GLOROT_CONFIG', "option 'scale' cannot be NaN"],
  [
    'a function where there can be none',
    () => layers.dense({ units: (() => 3) as never }),
    'GLOROT_CONFIG',
    "option 'units' must be a whole number of at least 1; received the function 'units'",
  ],
  [
    'an unknown class',
    () => layers.deserialize({ class_name: 'Dance' }),
    'GLOROT_CONFIG',
    "layer: unknown class 'Dance'",
  ],
  ['an unknown optimizer', () => optimizers.get('adamant' as never), 'GLOROT_CONFIG', "unknown optimizer 'adamant'"],
  ['a wrong rate', () => optimizers.sgd({ learningRate: -1 }), 'GLOROT_CONFIG', "SGD: option 'learningRate' must be"],
  [
    'layers that do not fit',
    () => sequential([input({ shape: [2, 3] }), layers.batchNormalization({ axis: 5, name: 'norm' })]),
    'GLOROT_SHAPE',
    "layer 'norm' (BatchNormalization)",
  ],
  [
    'an input that is missing',
    () => model({ inputs: input({ shape: [2] }), outputs: layers.dense({ units: 1 }).apply(input({ shape: [2] })) }),
    'GLOROT_INVALID',
    'not among its inputs',
  ],
])('%s is an error that names it', async (_, make, code, message) => {
  const error = await failure(make)
  expect(error.message).toContain(message)
  expect(error.code).toBe(code)
})

test.each([
  [{ loss: 'mse' }, "option 'optimizer' is missing"],
  [{ optimizer: 'sgd', los: 'mse' }, "compile: unknown option 'los'"],
  [{ optimizer: 'sgd', loss: 'msee' }, "unknown loss 'msee'"],
  [{ optimizer: 'sgd', loss: 'mse', metrics: ['acuracy'] }, "unknown metric 'acuracy'"],
  [{ optimizer: 'sgd', loss: { output: 'mse' } }, "there is no output 'output'"],
  [{ optimizer: 'sgd', loss: 'mse', device: 'gpu' }, "there is no device 'gpu'"],
  [{ optimizer: 'sgd', loss: 'mse', threads: 0 }, "'threads' must be a whole number of at least 1"],
])('compile(%o) is an error that names it', async (options, message) => {
  const net = sequential([input({ shape: [2] }), layers.dense({ units: 1 })])
  expect((await failure(() => net.compile(options as never))).message).toContain(message)
})
