#!/usr/bin/env node
// TensorFlow.js Layers: model.fit on the pure JavaScript (cpu), WebAssembly (wasm) or libtensorflow (node) backend.
import { dirname, sep } from 'node:path'
import { loadData, parseFlags, printPredictResult, printResult, requireFrom } from './peer_common.mjs'

// The one initializer that TensorFlow.js spells differently.
const INITIALIZERS = { heNormal: 'heNormal', lecunNormal: 'leCunNormal' }
const VALIDATION_CAP = 320 // samples of validation when --steps caps the epoch: slow backends

const { flags, workload } = parseFlags({ backend: { type: 'string', default: 'node' } })
process.env.TF_NUM_INTRAOP_THREADS = process.env.TF_NUM_INTEROP_THREADS = String(flags.threads)
process.env.TF_CPP_MIN_LOG_LEVEL = '2'

const tf = await loadBackend(flags.backend)
const peer = `tfjs-${flags.backend}`
const version = tf.version['tfjs-core']
if (flags.backend !== 'node') flags.threads = 1 // neither backend uses threads under Node

async function loadBackend(name) {
  const require = requireFrom(flags.modules)
  if (name === 'node') return require('@tensorflow/tfjs-node')
  const tf = require('@tensorflow/tfjs')
  if (name === 'wasm') {
    require('@tensorflow/tfjs-backend-wasm').setWasmPaths(
      dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep,
    )
  }
  await tf.setBackend(name)
  await tf.ready()
  return tf
}

function buildModel(features) {
  if (workload.filters) throw new Error('this peer has no convolutions')
  const model = tf.sequential()
  let inputShape = [features]
  for (const units of workload.hidden) {
    const dense = { units, inputShape, kernelInitializer: INITIALIZERS[workload.initializer] }
    if (workload.batchNorm) {
      model.add(tf.layers.dense(dense))
      model.add(tf.layers.batchNormalization())
      model.add(tf.layers.activation({ activation: workload.activation }))
    } else {
      model.add(tf.layers.dense({ ...dense, activation: workload.activation }))
    }
    inputShape = undefined
  }
  if (workload.alphaDropout) model.add(tf.layers.alphaDropout({ rate: workload.alphaDropout }))
  model.add(tf.layers.dense({ units: 10, activation: 'softmax' }))
  return model
}

function buildOptimizer() {
  if (flags.optimizer === 'nadam') throw new Error('TensorFlow.js has no Nadam: pass --optimizer adam')
  return flags.optimizer === 'adam' ? tf.train.adam(flags.lr) : tf.train.sgd(flags.lr)
}

const numberOf = value => (typeof value === 'number' ? value : value.dataSync()[0])

/** Splits each epoch into training and validation time: fit() validates within the last batch's onBatchEnd. */
class Clock extends tf.Callback {
  epochs = []
  constructor(steps) {
    super()
    this.steps = steps
  }
  async onEpochBegin() {
    this.start = performance.now()
  }
  async onBatchEnd(batch) {
    if (batch !== this.steps - 2) return
    this.trainSeconds = ((performance.now() - this.start) / 1e3) * (this.steps / (this.steps - 1))
  }
  async onEpochEnd(_epoch, logs) {
    this.epochs.push({
      trainSeconds: this.trainSeconds,
      validationSeconds: Math.max(0, (performance.now() - this.start) / 1e3 - this.trainSeconds),
      loss: numberOf(logs.loss),
      validationAccuracy: numberOf(logs.val_acc),
    })
  }
}

async function train() {
  const { train, validation, test, fullSteps } = loadData(flags, workload)
  const steps = Math.ceil(train.y.length / flags.batch)
  const capped = flags.backend !== 'node' && steps < fullSteps
  const tensors = ({ x, y, features }, limit = y.length) => {
    const count = Math.min(limit, y.length)
    return [
      tf.tensor2d(x.subarray(0, count * features), [count, features]),
      tf.tensor1d(Float32Array.from(y.subarray(0, count))),
    ]
  }
  const model = buildModel(train.features)
  model.compile({ optimizer: buildOptimizer(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  const clock = new Clock(steps)
  const validationData = tensors(validation, capped ? VALIDATION_CAP : undefined)
  await model.fit(...tensors(train), {
    batchSize: flags.batch,
    epochs: flags.epochs,
    validationData,
    callbacks: clock,
    verbose: 0,
  })
  const testAccuracy = capped ? null : model.evaluate(...tensors(test), { batchSize: 1000 })[1].dataSync()[0]
  printResult({
    peer,
    version,
    flags,
    steps,
    fullSteps,
    testAccuracy,
    epochs: clock.epochs,
    multiplyAdds: model.countParams(),
    validationScale: capped ? validation.y.length / validationData[1].size : 1,
  })
}

async function predict() {
  const model = buildModel(3072)
  const samples = Float32Array.from({ length: 1024 * 3072 }, Math.random)
  const input = batch => tf.tensor2d(samples.subarray(0, batch * 3072), [batch, 3072])
  const call = batch => tf.tidy(() => model.predict(input(batch), { batchSize: batch }).dataSync())
  await printPredictResult({ peer, version, flags, predict: call })
}

if (flags.workload === 'predict') await predict()
else await train()
