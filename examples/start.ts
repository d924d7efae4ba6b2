// What `npm start` runs: a batch-normalized network learns Fashion-MNIST, or generated glyphs where that data set is
// neither on this machine nor can be downloaded.
import { devices, input, layers, random, sequential } from 'glorot'
import { load } from './data.js'

const epochs = 10

random.setSeed(58)
const { train, test } = await load()

const net = sequential([
  input({ shape: [28, 28] }),
  layers.flatten(),
  layers.batchNormalization(),
  layers.dense({ units: 300, activation: 'elu', kernelInitializer: 'heNormal' }),
  layers.batchNormalization(),
  layers.dense({ units: 100, activation: 'elu', kernelInitializer: 'heNormal' }),
  layers.batchNormalization(),
  layers.dense({ units: 10, activation: 'softmax' }),
])
net.summary()
net.compile({ optimizer: 'nadam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })

const start = performance.now()
const history = await net.fit(train.x, train.y, { epochs, validationSplit: 0.1 })
const seconds = (performance.now() - start) / 1000

const { accuracy = 0 } = await net.evaluate(test.x, test.y, { verbose: 0 })
const picture = await history.plot('history.svg')
const [device] = await devices()

console.log(`
test accuracy   ${(100 * accuracy).toFixed(2)} %
time per epoch  ${(seconds / epochs).toFixed(2)} s, ${seconds.toFixed(1)} s in all
device          ${device.id}
history         ${picture}`)
