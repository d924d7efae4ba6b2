#!/usr/bin/env node
// onnxruntime-node: inference only, of the same network as an ONNX model.
import { onnxModel } from './onnx_model.mjs'
import { parseFlags, printPredictResult, requireFrom } from './peer_common.mjs'

const { flags, workload } = parseFlags()
if (flags.workload !== 'predict') throw new Error('onnxruntime-node does not train: pass --workload predict')
const require = requireFrom(flags.modules)
const { InferenceSession, Tensor } = require('onnxruntime-node')
const session = await InferenceSession.create(onnxModel(workload, 3072), {
  intraOpNumThreads: flags.threads,
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
})
const samples = Float32Array.from({ length: 1024 * 3072 }, Math.random)
await printPredictResult({
  peer: 'onnxruntime-node',
  version: require('onnxruntime-node/package.json').version,
  flags,
  predict: async batch => {
    const x = new Tensor('float32', samples.subarray(0, batch * 3072), [batch, 3072])
    return (await session.run({ x })).y.data
  },
})
