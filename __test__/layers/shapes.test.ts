import { input, layers, type ModelTensor, model, type Tensor, tensor } from 'glorot'
import { expect, test } from 'vitest'

/** Layers with options as they read in TypeScript, shapes of their inputs and of the output, without the batch. */
const cases: [layer: layers.Layer, inputs: number[][], output: number[]][] = [
  [layers.average(), [[3], [3]], [3]],
  [layers.maximum(), [[3], [3], [3]], [3]],
  [layers.minimum(), [[2, 3], [3]], [2, 3]],
  [layers.multiply(), [[3], [1]], [3]],
  [layers.subtract(), [[3], [3]], [3]],
  [layers.dot({ axes: [2, 1], normalize: true }), [[4, 3], [3]], [4]],
  [layers.reshape({ targetShape: [-1, 2] }), [[4, 3]], [6, 2]],
  [layers.permute({ dims: [2, 1] }), [[4, 3]], [3, 4]],
  [layers.repeatVector({ n: 5 }), [[3]], [5, 3]],
  [layers.categoryEncoding({ numTokens: 6 }), [[4]], [6]],
  [layers.einsumDense({ equation: 'ab,bc->ac', outputShape: 3 }), [[4]], [3]],
  [layers.einsumDense({ equation: 'abc,cd->abd', outputShape: [null, 5], biasAxes: 'd' }), [[4, 3]], [4, 5]],
  [layers.categoryEncoding({ numTokens: 6, outputMode: 'oneHot' }), [[4]], [4, 6]],
  [layers.discretization({ binBoundaries: [0, 1], outputMode: 'count' }), [[4]], [3]],
  [layers.discretization({ binBoundaries: [0, 1], outputMode: 'oneHot' }), [[1]], [3]],
  [layers.zeroPadding1d({ padding: [1, 2] }), [[4, 3]], [7, 3]],
  [
    layers.zeroPadding2d({
      padding: [
        [1, 0],
        [0, 2],
      ],
      dataFormat: 'channelsFirst',
    }),
    [[3, 4, 5]],
    [3, 5, 7],
  ],
  [layers.cropping1d(), [[4, 3]], [2, 3]],
  [layers.cropping2d({ cropping: [1, 0] }), [[4, 5, 3]], [2, 5, 3]],
  [layers.upSampling1d({ size: 3 }), [[4, 3]], [12, 3]],
  [layers.upSampling2d({ size: [2, 3], interpolation: 'bilinear' }), [[4, 5, 3]], [8, 15, 3]],
  [layers.embedding({ inputDim: 7, outputDim: 2, embeddingsInitializer: 'ones' }), [[5]], [5, 2]],
  [layers.conv1d({ filters: 4, kernelSize: 3, padding: 'causal', dilationRate: 2 }), [[6, 3]], [6, 4]],
  [
    layers.conv2d({ filters: 4, kernelSize: [3, 2], strides: 2, groups: 2, activation: 'relu' }),
    [[7, 6, 2]],
    [3, 3, 4],
  ],
  [layers.depthwiseConv1d({ kernelSize: 3, depthMultiplier: 2 }), [[6, 3]], [4, 6]],
  [layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' }), [[6, 5, 3]], [6, 5, 3]],
  [layers.separableConv1d({ filters: 4, kernelSize: 3, useBias: false }), [[6, 3]], [4, 4]],
  [layers.separableConv2d({ filters: 4, kernelSize: 3, pointwiseInitializer: 'heNormal' }), [[6, 5, 3]], [4, 3, 4]],
  [layers.maxPooling1d(), [[6, 3]], [3, 3]],
  [layers.maxPooling2d({ poolSize: 3, strides: [1, 2], padding: 'same' }), [[6, 5, 3]], [6, 3, 3]],
  [layers.averagePooling1d({ poolSize: 3 }), [[6, 3]], [2, 3]],
  [layers.averagePooling2d(), [[6, 5, 3]], [3, 2, 3]],
  [layers.globalMaxPooling1d(), [[6, 3]], [3]],
  [layers.globalMaxPooling2d({ dataFormat: 'channelsFirst' }), [[6, 5, 3]], [6]],
  [layers.globalAveragePooling1d({ keepDims: true }), [[6, 3]], [1, 3]],
  [layers.globalAveragePooling2d(), [[6, 5, 3]], [3]],
]

/** Two samples of ones. */
function ones(shape: number[]): Tensor {
  const row = shape.reduceRight<unknown>((inner, length) => Array(length).fill(inner), 1)
  return tensor([row, row] as number[][])
}

for (const [layer, inputs, output] of cases) {
  test(`${layer.className}: [${inputs.join('], [')}] to [${output}]`, async () => {
    const tensors = inputs.map(shape => input({ shape }))
    const y = layer.apply(tensors.length === 1 ? (tensors[0] as ModelTensor) : tensors)
    expect(y.shape).toEqual([null, ...output])
    const values = inputs.map(ones)
    const direct = layer.apply(values.length === 1 ? (values[0] as Tensor) : values)
    expect(direct.shape).toEqual([2, ...output])
    const predicted = (await model({ inputs: tensors, outputs: y }).predict(values)) as Tensor
    expect([...predicted.data()]).toEqual([...direct.data()])
    const copy = layers.deserialize(layer.toJSON())
    expect(copy.constructor).toBe(layer.constructor)
    expect(copy.getConfig()).toEqual(layer.getConfig())
  })
}
