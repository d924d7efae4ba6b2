import type { Samples } from '../../native/binding.cjs'
import { configError, dataError, prefixed, shown } from '../errors.js'
import { isPlainObject } from '../serialize.js'
import { asTensor, Tensor, type TensorLike } from '../tensor.js'
import { type Batches, isBatches } from './batches.js'

/**
 * Data for the inputs or outputs of a model: a tensor, or what becomes one; with several an array in their order, or an
 * object by their names.
 */
export type Data = TensorLike | readonly TensorLike[] | Readonly<Record<string, TensorLike>>

/** `[x, y]` or `[x, y, sampleWeight]`, or batches of these. */
export type ValidationData = readonly [x: Data, y: Data, sampleWeight?: Data] | Batches

/**
 * Data as one tensor for each input or output.
 *
 * @internal
 * @param what Names the data in errors.
 * @param names Of the inputs or outputs, where they are known.
 */
export function tensors(what: string, data: Data | undefined, names: readonly string[] | undefined): Tensor[] {
  if (data === undefined) return []
  if (data === null) throw dataError(`${what}: expected a tensor, or what becomes one, received null`)
  if (isNamed(data)) return byName(what, data, names)
  return isList(data) ? data.map((value, i) => convert(`${what}[${i}]`, value)) : [convert(what, data as TensorLike)]
}

const convert = (what: string, value: TensorLike): Tensor => prefixed(what, () => asTensor(value))

/** @internal Data of a training call. */
export function samples(
  x: Data,
  y: Data | undefined,
  sampleWeight: Data | undefined,
  names: { inputs: readonly string[] | undefined; outputs: readonly string[] | undefined },
): Samples {
  return {
    x: tensors('x', x, names.inputs),
    y: tensors('y', y, names.outputs),
    sampleWeight: weights(sampleWeight, y, names.outputs),
  }
}

/** Weights by name are for these outputs alone; others have none. */
function weights(given: Data | undefined, y: Data | undefined, names: readonly string[] | undefined) {
  const list: (Tensor | undefined)[] = tensors('sampleWeight', given, names)
  if (given == null || !isNamed(given) || names === undefined) return list
  const targets = y != null && isNamed(y) ? names.filter(name => name in y) : names
  const known = names.filter(name => name in given)
  return targets.map(name => list[known.indexOf(name)])
}

/** @internal Data of a validation that is no batches. */
export function validationSamples(data: ValidationData, names: Parameters<typeof samples>[3]): Samples {
  if (!Array.isArray(data) || data.length < 2 || data.length > 3) {
    throw configError(
      `fit: option 'validationData' must be [x, y], [x, y, sampleWeight] or batches of these; received ${shown(data)}`,
    )
  }
  const [x, y, sampleWeight] = data
  const { x: xs, y: ys, sampleWeight: weights } = samples(x, y, sampleWeight, names)
  return { x: xs, y: ys, sampleWeight: weights }
}

/** @internal Whether the validation comes batch by batch. */
export const isBatchesOfValidation = (data: ValidationData | undefined): data is Batches => isBatches(data)

/** @internal The first samples, as views of the same memory. */
export const firstSamples = (data: Samples, count: number): Samples => ({
  x: data.x.map(tensor => head(tensor as Tensor, count)),
  y: data.y.map(tensor => head(tensor as Tensor, count)),
  sampleWeight: data.sampleWeight.map(tensor => tensor && head(tensor as Tensor, count)),
})

function head(tensor: Tensor, count: number): Tensor {
  const [length, ...rest] = tensor.shape
  if (length === undefined || length <= count) return tensor
  const inner = rest.reduce((product, dim) => product * dim, 1)
  return new Tensor({ dtype: tensor.dtype, shape: [count, ...rest], values: tensor.values.subarray(0, count * inner) })
}

/** An array of tensors is several; an array of numbers is one. */
function isList(data: Data): data is readonly TensorLike[] {
  return Array.isArray(data) && data.some(value => value instanceof Tensor || ArrayBuffer.isView(value))
}

const isNamed = (data: Data): data is Readonly<Record<string, TensorLike>> => isPlainObject(data)

function byName(what: string, data: Readonly<Record<string, TensorLike>>, names: readonly string[] | undefined) {
  const known = names ?? Object.keys(data)
  if (Object.keys(data).length === 0) {
    throw dataError(
      `${what}: expected a tensor, or an object with one for each of '${known.join("', '")}'; received {}`,
    )
  }
  const unknown = Object.keys(data).filter(name => !known.includes(name))
  if (unknown.length > 0) {
    throw dataError(
      `${what}: '${unknown.join("', '")}' is none of '${known.join("', '")}': an object has a tensor for each of these names`,
    )
  }
  return known.filter(name => name in data).map(name => convert(`${what}.${name}`, data[name] as TensorLike))
}
