import { inspect } from 'node:util'
import type { Variable as NativeVariable } from '../native/binding.cjs'
import { readOptions, text } from './callbacks/options.js'
import { configError, prefixed } from './errors.js'
import { native } from './native.js'
import { type Operand, run } from './ops/run.js'
import { isSymbolic, type SymbolicTensor } from './symbolic.js'
import { asTensor, Tensor, type TensorLike } from './tensor.js'
import type { DType } from './types.js'

/** A tensor whose value changes: a weight, or what an optimizer keeps. */
export class Variable {
  /** @internal */
  readonly handle: NativeVariable

  /** @internal Use {@link variable}. */
  constructor(handle: NativeVariable) {
    if (!(handle instanceof native.Variable)) throw configError('Variable: make variables with variable(value)')
    this.handle = handle
  }

  /** The short name, as in Keras: `kernel`, `gamma`. */
  get name(): string {
    return this.handle.name
  }

  /** Lengths of the axes, outermost first. */
  get shape(): number[] {
    return this.handle.shape
  }

  /** Type of the elements. */
  get dtype(): DType {
    return this.handle.dtype
  }

  /** The value as it is now: a copy. */
  value(): Tensor {
    return new Tensor(this.handle.value())
  }

  /**
   * Replaces the value (the tensor is copied). With a traced tensor, in the `call` of a layer or the `update` of a metric,
   * it becomes part of the program: the variable has the new value after each step.
   *
   * @throws `GLOROT_INVALID` or, of a traced tensor, `GLOROT_CONFIG`, if shape or dtype differ.
   */
  assign(value: TensorLike | SymbolicTensor): this {
    if (isSymbolic(value)) this.handle.assignTraced(value)
    else this.handle.assign(prefixed(`variable '${this.name}'`, () => asTensor(value, this.dtype)))
    return this
  }

  /** `Variable 'kernel' float32 [2, 3] [[…]]` in `console.log`. */
  [inspect.custom](depth: number, options: object, inspector: typeof inspect): string {
    return this.value()[inspect.custom](depth, options, inspector).replace('Tensor', `Variable '${this.name}'`)
  }

  /** Adds to the value: `assign(ops.add(variable, value))`. */
  assignAdd(value: Operand): this {
    return this.assign(run('add', [this, value]))
  }

  /** Subtracts from the value: `assign(ops.sub(variable, value))`. */
  assignSub(value: Operand): this {
    return this.assign(run('sub', [this, value]))
  }
}

/** Options of {@link variable}. */
export interface VariableOptions {
  /** Default: `'variable'`. */
  name?: string
}

/** Makes a variable with a first value. The value is copied. */
export function variable(value: TensorLike, options: VariableOptions = {}): Variable {
  const { name } = readOptions('variable', options, { name: text('variable') })
  return new Variable(
    new native.Variable(
      name,
      prefixed('variable', () => asTensor(value)),
    ),
  )
}
