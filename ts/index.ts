/**
 * Deep learning for Node.js: a compiled Rust engine under a thin, typed, Keras-like API.
 *
 * @module glorot
 */
import * as callbacks from './callbacks/index.js'
import * as constraints from './constraints/index.js'
import { noteFactories } from './factories.js'
import * as initializers from './initializers/index.js'
import * as layers from './layers/index.js'
import * as losses from './losses/index.js'
import * as metrics from './metrics/index.js'
import { native } from './native.js'
import * as optimizers from './optimizers/index.js'
import * as regularizers from './regularizers/index.js'
import * as schedules from './schedules/index.js'

export * as activations from './activations/index.js'
export { grad, type ScalarFunction, type ValueAndGrads, valueAndGrad } from './autograd.js'
export type { Serialized } from './config-object.js'
export type { Dataset, Samples } from './datasets/index.js'
export * as datasets from './datasets/index.js'
export { type DeviceInfo, type DeviceLibrary, devices } from './devices.js'
export { type InputOptions, input } from './layers/input.js'
export { ModelTensor } from './layers/model-tensor.js'
export type { Batch, Batches } from './models/batches.js'
export type { CompileOptions, PerOutput, Precision } from './models/compile.js'
export type { Data, ValidationData } from './models/data.js'
export type { EvaluateOptions } from './models/evaluate.js'
export type { FindLearningRateOptions, LearningRateSearch } from './models/find-learning-rate.js'
export type { FitOptions } from './models/fit.js'
export type { FitBatchesOptions } from './models/fit-batches.js'
export { type FunctionalOptions, model } from './models/functional.js'
export { History, type Logs } from './models/history.js'
export * as models from './models/index.js'
export { AbortError } from './models/job.js'
export { Model, type SummaryOptions, type TestOnBatchOptions, type TrainOnBatchOptions } from './models/model.js'
export type { PredictOptions, PredictSamplesOptions } from './models/predict.js'
export { type ModelOptions, Sequential, sequential } from './models/sequential.js'
export type { TrainingEvent } from './models/training-events.js'
export * as ops from './ops/index.js'
export type { Verbose } from './progress/index.js'
export * as random from './random.js'
export type { SymbolicTensor } from './symbolic.js'
export { Tensor, type TensorLike, tensor } from './tensor.js'
export type { DType, NestedArray, Shape, TypedArray } from './types.js'
export { Variable, type VariableOptions, variable } from './variable.js'

/** Version of glorot, e.g. `'0.1.0'`. */
export const version: string = native.version()

const factories = { callbacks, constraints, initializers, layers, losses, metrics, optimizers, regularizers, schedules }
for (const [module, exports] of Object.entries(factories)) noteFactories(module, exports)

export { callbacks, constraints, initializers, layers, losses, metrics, optimizers, regularizers, schedules }
