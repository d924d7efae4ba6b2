// glorot's side of the comparison on a GPU: one line of JSON. Flags: --workload narrow|wide|conv|epoch --optimizer adam|nadam
// --precision float32|tf32|bfloat16|float16 --step measured|graph|block|cluster8|cluster16|grid|cluster16rows|rows --steps N --epochs N
// --device cuda|cpu
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    workload: { type: 'string', default: 'narrow' },
    optimizer: { type: 'string', default: 'adam' },
    precision: { type: 'string', default: 'float32' },
    step: { type: 'string', default: 'measured' },
    steps: { type: 'string' },
    epochs: { type: 'string', default: '3' },
    device: { type: 'string', default: 'cuda' },
  },
})
process.env.GLOROT_CUDA_STEP = values.step // read when the model is compiled
const { callbacks, input, layers, optimizers, random, sequential, tensor } = await import('glorot')
random.setSeed(1)

/** Layers, batch, steps of an epoch, features. */
const WORKLOADS = {
  narrow: { hidden: Array(20).fill(100), activation: 'elu', batch: 32, steps: 1000, features: 3072 },
  wide: { hidden: Array(4).fill(4096), activation: 'relu', batch: 512, steps: 100, features: 784 },
  // Convolutions of 3 x 3 on images of the size of CIFAR-10's, each with max pooling.
  conv: { filters: [32, 64, 64], hidden: [64], activation: 'relu', batch: 128, steps: 300, features: 3072 },
  // An epoch of CIFAR-10: 45,000 samples as bytes, and the validation on 5,000.
  epoch: { hidden: Array(20).fill(100), activation: 'elu', batch: 32, steps: 1407, features: 3072, bytes: true },
}
const workload = WORKLOADS[values.workload]
const steps = Number(values.steps ?? workload.steps)

function samples(count) {
  const length = count * workload.features
  const x = workload.bytes ? new Uint8Array(length) : new Float32Array(length)
  let state = 12345
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    x[i] = workload.bytes ? state >>> 24 : state / 2 ** 32
  }
  const y = Int32Array.from({ length: count }, (_, i) => (i * 7) % 10)
  return [tensor(x, [count, workload.features], workload.bytes ? 'uint8' : undefined), tensor(y, [count])]
}

const initial = { kernelInitializer: 'heNormal', activation: workload.activation }
const net = sequential([
  input({ shape: [workload.features] }),
  ...(workload.bytes ? [layers.rescaling({ scale: 1 / 255 })] : []),
  ...(workload.filters ? [layers.reshape({ targetShape: [32, 32, 3] })] : []),
  ...(workload.filters ?? []).flatMap(filters => [
    layers.conv2d({ filters, kernelSize: 3, padding: 'same', ...initial }),
    layers.maxPooling2d(),
  ]),
  ...(workload.filters ? [layers.flatten()] : []),
  ...workload.hidden.map(units => layers.dense({ units, ...initial })),
  layers.dense({ units: 10, activation: 'softmax' }),
])
const { device, precision } = values
const optimizer = optimizers[values.optimizer]({ learningRate: 5e-5 })
net.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], device, precision })

const count = workload.bytes ? 45_000 : steps * workload.batch
const [x, y] = samples(count)
const validationData = workload.bytes ? samples(5000) : undefined
/** When epochs end. */
class Clock extends callbacks.Callback {
  begin = performance.now()
  ends = []
  onEpochEnd() {
    this.ends.push((performance.now() - this.begin) / 1000)
  }
}

/** Trains; when each epoch ended, in seconds. */
const fit = async epochs => {
  const clock = new Clock()
  const options = { epochs, batchSize: workload.batch, validationData, callbacks: [clock], verbose: 0 }
  const { history } = await net.fit(x, y, options)
  return { ends: clock.ends, loss: history.loss }
}
// Compilation, then the trials of ways to run a step, which begin when the kernels of whole steps are there.
const first = await fit(2)
const begin = performance.now()
while (net.deviceReport?.includes('are being compiled') && performance.now() - begin < 60_000) {
  await new Promise(resolve => setTimeout(resolve, 200))
  await fit(1)
}
await fit(1)
const epochs = Number(values.epochs)
// The data go to the GPU before the first epoch, and its samples were there from the start in the peers.
const { ends, loss } = await fit(epochs + 1)
const seconds = (ends.at(-1) - ends[0]) / epochs
console.log(
  JSON.stringify({
    name: `glorot ${values.step}`,
    step_us: (seconds / Math.ceil(count / workload.batch)) * 1e6,
    epoch_s: seconds,
    first_s: first.ends.at(-1),
    loss: [first.loss[0], loss.at(-1)],
    precision,
    report: net.deviceReport,
  }),
)
