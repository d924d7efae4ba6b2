// Few labels, many images: lower layers learn from the images first, as parts of an autoencoder (unsupervised
// pretraining), or by an auxiliary task whose labels cost less.
import { input, layers, type Model, models, optimizers, random, sequential, tensor } from 'glorot'
import { load, range } from './data.js'

const LABELED = 100
const epochs = 10

random.setSeed(42)
const { train, test } = await load()
const images = train.x
const labeled = range(train, 0, LABELED)

const lower = () => [
  input({ shape: [28, 28] }),
  layers.rescaling({ scale: 1 / 255 }),
  layers.flatten(),
  layers.dense({ units: 300, activation: 'selu', kernelInitializer: 'lecunNormal' }),
  layers.dense({ units: 100, activation: 'selu', kernelInitializer: 'lecunNormal' }),
]

/** Test accuracy of a classifier on lower layers, trained with the few labels. */
async function classify(title: string, below: (layers.Layer | ReturnType<typeof input>)[], pretrained: boolean) {
  console.log(`\n${title}: ${LABELED} labels`)
  const net = sequential([...below, layers.dense({ units: 10, activation: 'softmax' })])
  const compile = (learningRate: number) =>
    net.compile({
      optimizer: optimizers.nadam({ learningRate }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    })
  const reused = net.layers.slice(0, -1)
  if (pretrained) {
    // The new layer first, lest its errors wreck what the others know.
    for (const layer of reused) layer.trainable = false
    compile(1e-2)
    await net.fit(labeled.x, labeled.y, { epochs: 10, verbose: 0 })
    for (const layer of reused) layer.trainable = true
  }
  compile(3e-4)
  await net.fit(labeled.x, labeled.y, { epochs: 20, verbose: 0 })
  const { accuracy = 0 } = await net.evaluate(test.x, test.y, { verbose: 0 })
  console.log(`test accuracy ${(100 * accuracy).toFixed(2)} %`)
  return accuracy
}

/** New layers with the values that training has given to those of a model. */
const copies = (net: Model, count: number) => models.clone(net, { weights: true }).layers.slice(0, count)

const scratch = await classify('From scratch', lower(), false)

console.log(`\nAutoencoder: ${images.shape[0]} images without labels`)
const pixels = tensor(
  Float32Array.from(images.data(), value => value / 255),
  images.shape,
)
const encoder = lower()
const autoencoder = sequential([
  ...encoder,
  layers.dense({ units: 300, activation: 'selu', kernelInitializer: 'lecunNormal' }),
  layers.dense({ units: 28 * 28, activation: 'sigmoid' }),
  layers.reshape({ targetShape: [28, 28] }),
])
autoencoder.compile({ optimizer: 'nadam', loss: 'mse' })
await autoencoder.fit(images, pixels, { epochs, batchSize: 64 })
const unsupervised = await classify('On the encoder', copies(autoencoder, 4), true)

console.log(`\nAuxiliary task: the kind of thing in each of ${images.shape[0]} images`)
/** Top, trousers, dress, shoe or bag: what anybody can say, for each of the ten classes. */
const kinds = [0, 1, 0, 2, 0, 3, 0, 3, 4, 3]
const auxiliary = sequential([...lower(), layers.dense({ units: 5, activation: 'softmax' })])
auxiliary.compile({ optimizer: 'nadam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
const kind = tensor(Uint8Array.from(train.y.data(), label => kinds[label] as number))
await auxiliary.fit(images, kind, { epochs, batchSize: 64 })
const assisted = await classify('On the layers of the auxiliary task', copies(auxiliary, 4), true)

const percent = (value: number) => `${(100 * value).toFixed(2)} %`
console.log(`
test accuracy with ${LABELED} labels
  from scratch                  ${percent(scratch)}
  on an autoencoder             ${percent(unsupervised)}
  on an auxiliary task          ${percent(assisted)}`)
