#!/usr/bin/env node
// glorot's side of the comparison: the workloads of peers/peer_common.mjs through the public API of the built package
// (`npm run build`), with the peers' flags and their one JSON line. compare.mjs runs it beside them.
import { readFileSync } from 'node:fs'
import { loadData, multiplyAdds, parseFlags, printPredictResult, printResult } from './peers/peer_common.mjs'

const { flags, workload } = parseFlags({}, ['float32', 'bfloat16'])
process.env.GLOROT_THREADS = String(flags.threads) // read when the package is loaded
const { callbacks, input, layers, ops, optimizers, random, sequential, tensor } = await import('../dist/index.js')
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
random.setSeed(flags.seed)

function buildModel(features) {
  const stack = [input({ shape: workload.filters ? [32, 32, 3] : [features] })]
  for (const filters of workload.filters ?? []) {
    stack.push(layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu' }), layers.maxPooling2d())
  }
  if (workload.filters) stack.push(layers.flatten())
  for (const units of workload.hidden) {
    const dense = { units, kernelInitializer: workload.initializer }
    if (workload.batchNorm) {
      stack.push(layers.dense(dense), layers.batchNormalization(), layers.activation(workload.activation))
    } else {
      stack.push(layers.dense({ ...dense, activation: workload.activation }))
    }
  }
  if (workload.alphaDropout) stack.push(layers.alphaDropout({ rate: workload.alphaDropout }))
  stack.push(layers.dense({ units: 10, activation: 'softmax' }))
  return sequential(stack)
}

function compiledModel(features) {
  const net = buildModel(features)
  net.compile({
    optimizer: optimizers[flags.optimizer]({ learningRate: flags.lr }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    device: 'cpu',
    precision: flags.precision,
  })
  return net
}

async function seconds(work) {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1e3
}

async function train() {
  const { train, validation, test, fullSteps } = loadData(flags, workload)
  // The channels of an image lie one after the other in the files.
  const images = (x, count) => ops.transpose(tensor(x, [count, 3, 32, 32]), [0, 2, 3, 1])
  const tensors = ({ x, y, features }) => [
    workload.filters ? images(x, y.length) : tensor(x, [y.length, features]),
    tensor(y, [y.length]),
  ]
  const [x, y] = tensors(train)
  const [validationData, testData] = [tensors(validation), tensors(test)]
  const net = compiledModel(train.features)

  // The first epoch has the set-up; a later one takes as long as from the end of that before to its own.
  const ends = [performance.now()]
  class Clock extends callbacks.Callback {
    onEpochEnd() {
      ends.push(performance.now())
    }
  }
  const { history } = await net.fit(x, y, {
    epochs: flags.epochs,
    batchSize: flags.batch,
    verbose: 0,
    callbacks: [new Clock()],
  })
  const epochs = []
  for (let i = 0; i < flags.epochs; i++) {
    let accuracy
    const validationSeconds = await seconds(async () => {
      accuracy = (await net.evaluate(...validationData, { batchSize: flags.batch, verbose: 0 })).accuracy
    })
    const trainSeconds = (ends[i + 1] - ends[i]) / 1e3
    epochs.push({ trainSeconds, validationSeconds, loss: history.loss[i], validationAccuracy: accuracy })
  }
  const { accuracy: testAccuracy } = await net.evaluate(...testData, { batchSize: 1000, verbose: 0 })
  printResult({
    peer: 'glorot',
    version,
    flags,
    epochs,
    fullSteps,
    testAccuracy,
    steps: Math.ceil(train.y.length / flags.batch),
    multiplyAdds: multiplyAdds(workload, train.features),
  })
}

async function predict() {
  const net = compiledModel(3072)
  const samples = Float32Array.from({ length: 1024 * 3072 }, Math.random)
  await printPredictResult({
    peer: 'glorot',
    version,
    flags,
    predict: async batch => {
      const x = tensor(samples.subarray(0, batch * 3072), [batch, 3072])
      return net.predictSync(x).data()
    },
  })
}

await (flags.workload === 'predict' ? predict() : train())
