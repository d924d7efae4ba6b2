#!/usr/bin/env node
// brain.js NeuralNetwork: plain20's shape only. It trains one sample at a time with mean squared error, and
// has no ELU, softmax or minibatches: ReLU hidden layers and sigmoid-like outputs stand in. step_us is 32 samples.
import { loadData, multiplyAdds, parseFlags, printResult, requireFrom } from './peer_common.mjs'

const { flags, workload } = parseFlags()
if (flags.workload === 'predict') throw new Error('brain.js predicts one sample at a time: no predict workload')
if (workload.filters) throw new Error('this peer has no convolutions')
const require = requireFrom(flags.modules)
const { NeuralNetwork } = require('brain.js')
const { version } = require('brain.js/package.json')
flags.threads = 1
const { train, validation, fullSteps } = loadData(flags, workload)
const row = ({ x, features }, i) => Array.from(x.subarray(i * features, (i + 1) * features))
const oneHot = label => Array.from({ length: 10 }, (_, i) => Number(i === label))
const samples = Array.from(train.y, (label, i) => ({ input: row(train, i), output: oneHot(label) }))
const net = new NeuralNetwork({ hiddenLayers: workload.hidden, activation: 'relu', learningRate: flags.lr })

const CHECKED = 500
function accuracy() {
  let correct = 0
  for (let i = 0; i < CHECKED; i++) {
    const outputs = Array.from(net.run(row(validation, i)))
    correct += outputs.indexOf(Math.max(...outputs)) === validation.y[i]
  }
  return correct / CHECKED
}

const epochs = []
let status
for (let epoch = 0; epoch < flags.epochs; epoch++) {
  const start = performance.now()
  status = net.train(samples, { iterations: 1, errorThresh: 1e-9, learningRate: flags.lr, keepNetworkIntact: true })
  const trained = performance.now()
  const validationAccuracy = accuracy()
  epochs.push({
    trainSeconds: (trained - start) / 1e3,
    validationSeconds: (performance.now() - trained) / 1e3,
    loss: status.error,
    validationAccuracy,
  })
}
printResult({
  peer: 'brain.js',
  version,
  flags: { ...flags, optimizer: 'sgd-batch1' },
  epochs,
  fullSteps,
  steps: samples.length / flags.batch,
  multiplyAdds: multiplyAdds({ hidden: workload.hidden }, train.features),
  validationScale: validation.y.length / CHECKED,
  testAccuracy: null,
})
