#!/usr/bin/env node
// What a training costs before and beside its steps: the import of the built package (`npm run build`), compile and the
// first step, and the memory of a training on all of CIFAR-10. `GLOROT_DATA` names the folder of cifar-10-batches-bin/.
import { execFileSync } from 'node:child_process'
import { median } from './peers/peer_common.mjs'

const PROCESSES = 15
const LIBRARY = JSON.stringify(new URL('../dist/index.js', import.meta.url).href)

/** What a program prints in a process of its own. */
function run(program) {
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  return JSON.parse(output)
}

const importing = `
  const begin = performance.now()
  await import(${LIBRARY})
  console.log(performance.now() - begin)`

const network = `
  const { datasets, input, layers, optimizers, sequential } = await import(${LIBRARY})
  const { train } = await datasets.cifar10()
  const dense = () => layers.dense({ units: 100, activation: 'elu', kernelInitializer: 'heNormal' })
  const net = sequential([
    input({ shape: [32, 32, 3] }),
    layers.rescaling({ scale: 1 / 255 }),
    layers.flatten(),
    ...Array.from({ length: 20 }, dense),
    layers.dense({ units: 10, activation: 'softmax' }),
  ])
  const begin = performance.now()
  net.compile({
    optimizer: optimizers.nadam({ learningRate: 5e-5 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  })
  await net.trainOnBatch(train.x.slice(0, 32), train.y.slice(0, 32))
  const firstStep = performance.now() - begin`

const training = `${network}
  await net.fit(train.x, train.y, { epochs: 2, validationSplit: 0.1, verbose: 0 })
  console.log(process.resourceUsage().maxRSS / 1000)`

const repeated = program => median(Array.from({ length: PROCESSES }, () => run(program)))
console.log(`import                   ${repeated(importing).toFixed(0)} ms`)
console.log(`compile and first step   ${repeated(`${network}; console.log(firstStep)`).toFixed(0)} ms`)
console.log(`peak memory, CIFAR-10    ${run(training).toFixed(0)} MB`)
