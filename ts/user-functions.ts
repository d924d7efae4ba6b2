import type { UserFunction } from '../native/binding.cjs'
import { type AnyFunction, ConfigObject } from './config-object.js'
import { failure, prefixed } from './errors.js'
import { native } from './native.js'
import { toJson } from './serialize.js'
import { guarded, type SymbolicTensor, traced } from './symbolic.js'
import { asTensor, type TensorLike } from './tensor.js'
import type { DType } from './types.js'

/** A function, or an object of a class, that the user wrote in the place of an option. */
type Definition = AnyFunction | ConfigObject<AnyFunction>

/**
 * Hands options to Rust, among which may be functions that JSON cannot hold.
 *
 * @internal
 * @param read Gets the options as JSON.
 * @returns The result of `read`, and the functions among the options. Rust reaches them weakly: the object that the
 *   options are for must hold them.
 */
export function withOptions<T>(
  owner: string,
  options: unknown,
  read: (json: string) => T,
): [result: T, held: unknown[]] {
  const held: Definition[] = []
  const json = toJson(owner, options, definition => {
    if (!isCustom(definition)) return undefined
    held.push(definition as Definition)
    return held.length - 1
  })
  if (held.length === 0) return [read(json), held]
  let result: { value: T } | undefined
  native.withFunctions(held.map(userFunction), () => {
    result = { value: read(json) }
  })
  return [(result as unknown as { value: T }).value, held]
}

function isCustom(value: unknown): boolean {
  if (value instanceof ConfigObject) return value.isCustom
  return typeof value === 'function' && (!('toJSON' in value) || 'isCustom' in value)
}

function userFunction(definition: Definition): UserFunction {
  const name = definition instanceof ConfigObject ? definition.constructor.name : definition.name || 'anonymous'
  const weak = new WeakRef(definition)
  const call: AnyFunction = (...args) => {
    const definition = weak.deref() as (AnyFunction & { call: AnyFunction }) | undefined
    if (!definition) throw failure('GLOROT_INVALID', `the function '${name}' was collected while a layer uses it`)
    return definition instanceof ConfigObject ? definition.call(...args) : definition(...args)
  }
  return {
    apply: x => traced(`function '${name}'`, () => call(x as SymbolicTensor)),
    initialize: (shape, dtype) => {
      const value = guarded(`function '${name}'`, () => call(shape, dtype))
      return prefixed(`function '${name}'`, () => asTensor(value as TensorLike, dtype as DType))
    },
  }
}
