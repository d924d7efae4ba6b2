import type { CompileOptions } from '../../ts/index.js'
import { input, layers, random, sequential, tensor } from '../../ts/index.js'

/** A small network with normalized batches. */
export function net(options: Partial<CompileOptions>, units = 12) {
  random.setSeed(7)
  const net = sequential([
    input({ shape: [6] }),
    layers.dense({ units, kernelInitializer: 'heNormal', useBias: false }),
    layers.batchNormalization(),
    layers.activation('elu'),
    layers.dense({ units: 8, activation: 'selu', kernelInitializer: 'lecunNormal' }),
    layers.dense({ units: 3, activation: 'softmax' }),
  ])
  net.compile({ optimizer: 'nadam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], ...options })
  return net
}

/** One of several layers of which each does the rows of a batch by themselves. */
export function deep(options: Partial<CompileOptions>) {
  random.setSeed(7)
  const hidden = () => layers.dense({ units: 12, activation: 'elu', kernelInitializer: 'heNormal' })
  const net = sequential([
    input({ shape: [6] }),
    ...Array.from({ length: 4 }, hidden),
    layers.dropout({ rate: 0.1 }),
    layers.dense({ units: 3, activation: 'softmax' }),
  ])
  net.compile({ optimizer: 'nadam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], ...options })
  return net
}

const samples = 96

/** Samples and their classes. */
export const x = tensor(
  Float32Array.from({ length: samples * 6 }, (_, i) => Math.sin(i * 0.7) * Math.cos(i * i)),
  [samples, 6],
)
export const y = tensor(
  Int32Array.from({ length: samples }, (_, i) => Math.floor(i / 7) % 3),
  [samples],
)

/** A network whose convolution is so large that a library computes it, with its gradients. */
export function convolutional(options: Partial<CompileOptions>) {
  random.setSeed(7)
  const net = sequential([
    input({ shape: [20, 20, 4] }),
    layers.conv2d({ filters: 16, kernelSize: 1, activation: 'relu' }),
    layers.conv2d({ filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' }),
    layers.maxPooling2d(),
    layers.flatten(),
    layers.dense({ units: 3, activation: 'softmax' }),
  ])
  net.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], ...options })
  return net
}

/** Images, as many as there are classes for the first samples. */
export const images = tensor(
  Float32Array.from({ length: 32 * 1600 }, (_, i) => Math.sin(i * 0.31) * Math.cos(i * i)),
  [32, 20, 20, 4],
)

export const silent = { batchSize: 16, verbose: 0 } as const
