// Shared by the JavaScript peers and by ../workload.mjs: flags, data sets, workloads and the one-line JSON result.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const layers = (count, units) => new Array(count).fill(units)

/** steps: of an epoch of synthetic data. */
export const WORKLOADS = {
  plain20: {
    data: 'cifar10',
    hidden: layers(20, 100),
    activation: 'elu',
    initializer: 'heNormal',
    optimizer: 'nadam',
    lr: 5e-5,
  },
  bn20: {
    data: 'cifar10',
    hidden: layers(20, 100),
    activation: 'elu',
    initializer: 'heNormal',
    optimizer: 'nadam',
    lr: 5e-4,
    batchNorm: true,
  },
  selu20: {
    data: 'cifar10',
    hidden: layers(20, 100),
    activation: 'selu',
    initializer: 'lecunNormal',
    optimizer: 'nadam',
    lr: 7e-4,
    alphaDropout: 0.1,
    standardize: true,
  },
  fashion: {
    data: 'fashion',
    hidden: [300, 100, 50, 50, 50],
    activation: 'selu',
    initializer: 'lecunNormal',
    optimizer: 'sgd',
    lr: 1e-3,
  },
  wide: {
    data: 'synthetic',
    hidden: layers(4, 4096),
    activation: 'relu',
    initializer: 'heNormal',
    optimizer: 'adam',
    lr: 1e-3,
    batch: 512,
    steps: 20,
  },
  conv: {
    data: 'cifar10',
    filters: [32, 64, 64],
    hidden: [64],
    activation: 'relu',
    initializer: 'heNormal',
    optimizer: 'adam',
    lr: 1e-3,
  },
  dense: {
    data: 'synthetic',
    hidden: layers(4, 256),
    activation: 'elu',
    initializer: 'heNormal',
    optimizer: 'adam',
    lr: 1e-3,
    steps: 1000,
  },
}
WORKLOADS.predict = WORKLOADS.plain20 // inference only

/**
 * The multiply-adds of a sample: as many as there are weights (batch normalization's moving statistics included), but
 * those of convolutions are used once for each position.
 */
export function multiplyAdds({ filters = [], hidden, batchNorm }, features) {
  let parameters = 0
  let [side, channels] = [32, 3]
  for (const count of filters) {
    parameters += count * (side * side * 9 * channels + 1)
    side /= 2
    channels = count
    features = side * side * channels
  }
  for (const units of hidden) {
    parameters += units * (features + 1 + (batchNorm ? 4 : 0))
    features = units
  }
  return parameters + 10 * (features + 1)
}

/** `require` of the folder whose node_modules/ holds the peers. */
export const requireFrom = folder => createRequire(join(resolve(folder), 'package.json'))

const VALIDATION_SAMPLES = 5000

export function parseFlags(extra = {}, precisions = ['float32']) {
  const { values } = parseArgs({
    options: {
      workload: { type: 'string', default: 'plain20' },
      epochs: { type: 'string', default: '3' },
      steps: { type: 'string', default: 'Infinity' }, // at most this many training steps an epoch
      optimizer: { type: 'string' },
      lr: { type: 'string' },
      batch: { type: 'string' },
      width: { type: 'string' }, // units of each hidden layer
      depth: { type: 'string' }, // hidden layers
      threads: { type: 'string', default: String(availableParallelism()) },
      data: { type: 'string', default: 'data' }, // folder with cifar-10-batches-bin/ and fashion-mnist/
      seed: { type: 'string', default: '1' },
      precision: { type: 'string', default: 'float32' }, // of matrix products
      modules: { type: 'string', default: process.env.PEERS_NODE_ROOT ?? HERE }, // folder with the peers' node_modules/
      ...extra,
    },
  })
  const workload = WORKLOADS[values.workload]
  if (!workload) throw new Error(`unknown workload '${values.workload}': expected ${Object.keys(WORKLOADS).join(', ')}`)
  if (!precisions.includes(values.precision)) {
    throw new Error(`--precision: expected ${precisions.join(' or ')}; received '${values.precision}'`)
  }
  const { hidden } = workload
  const { width = hidden[0], depth = hidden.length } = values
  if (values.width || values.depth) workload.hidden = layers(Number(depth), Number(width))
  const flags = { optimizer: workload.optimizer, lr: workload.lr, batch: workload.batch ?? 32, ...values }
  for (const name of ['epochs', 'steps', 'lr', 'batch', 'threads', 'seed']) flags[name] = Number(flags[name])
  return { flags, workload }
}

function scaled(bytes) {
  const x = new Float32Array(bytes.length)
  for (let i = 0; i < x.length; i++) x[i] = bytes[i] / 255
  return x
}

function readCifar10(folder) {
  const record = 3073,
    perFile = 10000,
    features = 3072
  const read = names => {
    const x = new Float32Array(names.length * perFile * features),
      y = new Int32Array(names.length * perFile)
    const bytes = Buffer.alloc(perFile * record)
    names.forEach((name, file) => {
      const descriptor = openSync(join(folder, 'cifar-10-batches-bin', `${name}.bin`))
      readSync(descriptor, bytes)
      closeSync(descriptor)
      for (let i = 0; i < perFile; i++) {
        const row = file * perFile + i
        y[row] = bytes[i * record]
        for (let j = 0; j < features; j++) x[row * features + j] = bytes[i * record + 1 + j] / 255
      }
    })
    return { x, y, features }
  }
  return { train: read([1, 2, 3, 4, 5].map(i => `data_batch_${i}`)), test: read(['test_batch']) }
}

function readFashion(folder) {
  const open = (name, header) => gunzipSync(readFileSync(join(folder, 'fashion-mnist', name))).subarray(header)
  const read = part => ({
    x: scaled(open(`${part}-images-idx3-ubyte.gz`, 16)),
    y: Int32Array.from(open(`${part}-labels-idx1-ubyte.gz`, 8)),
    features: 784,
  })
  return { train: read('train'), test: read('t10k') }
}

function makeSynthetic(samples) {
  const features = 784
  return {
    x: Float32Array.from({ length: samples * features }, () => Math.random() * 2 - 1),
    y: Int32Array.from({ length: samples }, () => Math.floor(Math.random() * 10)),
    features,
  }
}

const rows = ({ x, y, features }, from, to) => ({
  x: x.subarray(from * features, to * features),
  y: y.subarray(from, to),
  features,
})

function standardize(train, others) {
  const { x, features } = train,
    count = x.length / features
  for (let j = 0; j < features; j++) {
    let sum = 0,
      squares = 0
    for (let i = j; i < x.length; i += features) {
      sum += x[i]
      squares += x[i] * x[i]
    }
    const mean = sum / count,
      deviation = Math.sqrt(squares / count - mean * mean)
    for (const set of [train, ...others]) {
      for (let i = j; i < set.x.length; i += features) set.x[i] = (set.x[i] - mean) / deviation
    }
  }
}

/** train is cut to flags.steps; fullSteps counts the steps of the whole epoch. */
export function loadData(flags, workload) {
  let train, validation, test
  if (workload.data === 'synthetic') {
    train = makeSynthetic(Math.min(workload.steps, flags.steps) * flags.batch)
    validation = test = makeSynthetic(flags.batch)
  } else {
    const sets = (workload.data === 'cifar10' ? readCifar10 : readFashion)(flags.data)
    const count = sets.train.y.length
    train = rows(sets.train, 0, count - VALIDATION_SAMPLES)
    validation = rows(sets.train, count - VALIDATION_SAMPLES, count)
    test = sets.test
  }
  if (workload.standardize) standardize(train, [validation, test])
  const fullSteps = workload.data === 'synthetic' ? workload.steps : Math.ceil(train.y.length / flags.batch)
  if (flags.steps < fullSteps) train = rows(train, 0, flags.steps * flags.batch)
  return { train, validation, test, fullSteps }
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b),
    middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

const round = (value, digits) => Number(value.toFixed(digits))
const peakRssMb = () => Math.round(process.resourceUsage().maxRSS / 1024)

/** epochs: [{ trainSeconds, validationSeconds, loss, validationAccuracy }] */
export function printResult({
  peer,
  version,
  flags,
  epochs,
  steps,
  fullSteps,
  multiplyAdds,
  testAccuracy,
  validationScale = 1,
}) {
  const later = epochs.length > 1 ? epochs.slice(1) : epochs
  const stepSeconds = median(later.map(e => e.trainSeconds)) / steps
  const validationSeconds = median(later.map(e => e.validationSeconds)) * validationScale
  const last = epochs.at(-1)
  const result = {
    peer,
    version,
    workload: flags.workload,
    optimizer: flags.optimizer,
    threads: flags.threads,
    batch: flags.batch,
    step_us: round(stepSeconds * 1e6, 1),
    epoch_s: round(stepSeconds * fullSteps + validationSeconds, 3),
    first_epoch_s: round(epochs[0].trainSeconds + epochs[0].validationSeconds, 3),
    peak_rss_mb: peakRssMb(),
    gflops: round((6 * multiplyAdds * flags.batch) / stepSeconds / 1e9, 2),
    train_loss: round(last.loss, 4),
    val_accuracy: round(last.validationAccuracy, 4),
    test_accuracy: testAccuracy === null ? null : round(testAccuracy, 4),
    validation_s: round(validationSeconds, 3),
    steps,
    seed: flags.seed,
  }
  if (steps < fullSteps) result.epoch_s_extrapolated_to_steps = fullSteps
  console.log(JSON.stringify(result))
}

/** predict: function of a batch size, async or not. Prints the median latency of a sample and the throughput at batch 1024. */
export async function printPredictResult({ peer, version, flags, predict, budgetMs = 3000 }) {
  const medianMs = async batch => {
    for (let i = 0; i < 5; i++) await predict(batch)
    const times = [],
      start = performance.now()
    while (performance.now() - start < budgetMs) {
      const before = performance.now()
      await predict(batch)
      times.push(performance.now() - before)
    }
    return median(times)
  }
  console.log(
    JSON.stringify({
      peer,
      version,
      workload: 'predict',
      threads: flags.threads,
      predict_batch1_us: round((await medianMs(1)) * 1e3, 1),
      predict_batch1024_samples_per_s: Math.round(1024 / ((await medianMs(1024)) / 1e3)),
      peak_rss_mb: peakRssMb(),
    }),
  )
}
