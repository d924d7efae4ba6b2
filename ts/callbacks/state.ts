import { configError, shown } from '../errors.js'
import { Tensor } from '../tensor.js'

/** Tensors of states, by their numbers. */
const NAME = /^state_(\d+)$/

/** @internal A tensor with its name in a file. */
export interface NamedTensor {
  name: string
  tensor: Tensor
}

/**
 * Turns a state into JSON; its tensors are added to a list.
 *
 * @internal
 * @throws `GLOROT_CONFIG` for what cannot be saved.
 */
export function encode(owner: string, state: unknown, tensors: NamedTensor[]): unknown {
  const visit = (value: unknown, within: readonly unknown[]): unknown => {
    if (value instanceof Tensor) {
      tensors.push({ name: `state_${tensors.length}`, tensor: value })
      return { $tensor: tensors.length - 1, dtype: value.dtype }
    }
    if (typeof value === 'number') return Number.isFinite(value) ? value : { $number: String(value) }
    if (value === null || ['string', 'boolean', 'undefined'].includes(typeof value)) return value
    const isList = Array.isArray(value)
    const isObject = typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value))
    if ((!isList && !isObject) || within.includes(value)) {
      const received = within.includes(value) ? 'an object that contains itself' : shown(value)
      throw configError(
        `${owner}: getState() must give numbers, strings, booleans, tensors, and lists and plain objects of them; ` +
          `received ${received}`,
      )
    }
    const inside = [...within, value]
    if (isList) return value.map(inner => visit(inner ?? null, inside))
    return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, visit(inner, inside)]))
  }
  return visit(state, [])
}

/**
 * A state from its JSON.
 *
 * @internal
 */
export function decode(json: unknown, tensors: readonly NamedTensor[]): unknown {
  const byNumber = new Map(tensors.map(({ name, tensor }) => [NAME.exec(name)?.[1], tensor]))
  const visit = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(visit)
    if ('$number' in value) return Number(value.$number)
    if ('$tensor' in value) {
      const { dtype } = value as { dtype?: Tensor['dtype'] }
      const tensor = byNumber.get(String(value.$tensor))
      if (tensor) return new Tensor({ dtype: dtype ?? tensor.dtype, shape: tensor.shape, values: tensor.values })
      throw configError(`the file lacks the tensor 'state_${value.$tensor}'`)
    }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, visit(inner)]))
  }
  return visit(json)
}
