import { configError, shown } from '../errors.js'
import { isPlainObject } from '../serialize.js'
import { Callback, type Hook } from './callback.js'

/** Functions by the names of the methods of a callback. */
export type LambdaCallbackOptions = {
  readonly [H in Hook | 'getState' | 'setState']?: Callback[H]
} & ThisType<Callback>

/** A callback of functions. In one that is no arrow function, `this` is the callback. */
export class LambdaCallback extends Callback {
  constructor(options: LambdaCallbackOptions = {}) {
    super()
    if (!isPlainObject(options)) {
      throw configError(`lambdaCallback: expected an object of functions; received ${shown(options)}`)
    }
    for (const [name, value] of Object.entries(options)) {
      if (value === undefined) continue
      if (name === 'constructor' || !(name in Callback.prototype)) {
        const known = Object.getOwnPropertyNames(Callback.prototype).filter(hook => hook !== 'constructor')
        throw configError(`lambdaCallback: unknown option '${name}'; known options: ${known.join(', ')}`)
      }
      if (typeof value !== 'function') {
        throw configError(`lambdaCallback: option '${name}' must be a function; received ${shown(value)}`)
      }
      this[name as Hook] = value as never
    }
  }
}

/** A callback of functions: `lambdaCallback({ onEpochEnd: (epoch, logs) => … })`. Steps cost only if asked for. */
export const lambdaCallback = (options: LambdaCallbackOptions) => new LambdaCallback(options)
