import type { Samples } from '../../native/binding.cjs'
import { configError } from '../serialize.js'
import { asTensor, Tensor, type TensorLike } from '../tensor.js'

/**
 * Data for the inputs or outputs of a model: a tensor, or what becomes one; with several an array in their order, or an
 * object by their names.
 */
export type Data = TensorLike | readonly TensorLike[] | Readonly<Record<string, TensorLike>>

/** `[x, y]` or `[x, y, sampleWeight]`. */
export type ValidationData = readonly [x: Data, y: Data, sampleWeight?: Data]

/**
 * Data as one tensor for each input or output.
 *
 * @internal
 * @param names Of the inputs or outputs, where they are known.
 */
export function tensors(what: string, data: Data | undefined, names: readonly string[] | undefined): Tensor[] {
  if (data === undefined) return []
  if (isNamed(data)) return byName(what, data, names)
  return isList(data) ? data.map(value => asTensor(value)) : [asTensor(data as TensorLike)]
}

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
    sampleWeight: tensors('sampleWeight', sampleWeight, names.outputs),
  }
}

/** An array of tensors is several; an array of numbers is one. */
function isList(data: Data): data is readonly TensorLike[] {
  return Array.isArray(data) && data.some(value => value instanceof Tensor || ArrayBuffer.isView(value))
}

function isNamed(data: Data): data is Readonly<Record<string, TensorLike>> {
  const isObject = typeof data === 'object' && !Array.isArray(data)
  return isObject && !(data instanceof Tensor) && !ArrayBuffer.isView(data)
}

function byName(what: string, data: Readonly<Record<string, TensorLike>>, names: readonly string[] | undefined) {
  const known = names ?? Object.keys(data)
  const unknown = Object.keys(data).filter(name => !known.includes(name))
  if (unknown.length > 0) {
    throw configError(`${what}: '${unknown.join("', '")}' is none of '${known.join("', '")}'`)
  }
  return known.filter(name => name in data).map(name => asTensor(data[name] as TensorLike))
}
