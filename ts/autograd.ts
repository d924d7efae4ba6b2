import { configError, prefixed, shown } from './errors.js'
import { native } from './native.js'
import { type Operand, toNative } from './ops/run.js'
import { type SymbolicTensor, traced } from './symbolic.js'
import { Tensor } from './tensor.js'

/**
 * A function of tensors whose result is one number, written with {@link ops}. Of one that does not use its arguments, but
 * layers that have them as weights, TypeScript takes the result for a tensor with a value.
 */
export type ScalarFunction<Args extends Operand[]> = (
  ...args: { [I in keyof Args]: SymbolicTensor }
) => SymbolicTensor | Tensor

/** A value and, for each argument, its gradient. */
export interface ValueAndGrads {
  /** float32 scalar. */
  value: Tensor
  /** As many as arguments, with their shapes. */
  grads: Tensor[]
}

/**
 * A function that computes `f` and its gradient with regard to each argument.
 *
 * `f` is called once a call, with traced tensors in place of its arguments; what it computes is compiled once and runs
 * natively. Other tensors that it uses are constants.
 *
 * @param f Must return a float32 scalar. Arguments must be float32.
 * @throws What `f` throws; `GLOROT_SHAPE`, if its result is not a scalar.
 * @example
 * const { value, grads } = valueAndGrad((w, b) => ops.mean(ops.square(ops.sub(ops.add(ops.matMul(x, w), b), y))))(w, b)
 *
 * // By the weights of a model, which it has already:
 * const loss = (..._weights: SymbolicTensor[]) => losses.get('mse')(y, net.apply(x, { training: true }))
 * optimizer.apply(valueAndGrad(loss)(...net.trainableWeights).grads, net.trainableWeights)
 */
export function valueAndGrad<Args extends Operand[]>(f: ScalarFunction<Args>): (...args: Args) => ValueAndGrads {
  if (typeof f !== 'function') {
    throw configError(`valueAndGrad: expected a function of tensors, as x => ops.sum(x); received ${shown(f)}`)
  }
  return (...args) => {
    if (args.length === 0) throw configError('valueAndGrad: there are no arguments to differentiate by')
    const call = (inputs: unknown[]) => traced('the function to differentiate', () => f(...(inputs as never)))
    const operands = prefixed('valueAndGrad', () => args.map(toNative))
    const { value, grads } = native.valueAndGrad(call, operands)
    return { value: new Tensor(value), grads: grads.map(grad => new Tensor(grad)) }
  }
}

/**
 * A function that computes the gradient of `f` with regard to each argument; see {@link valueAndGrad}.
 *
 * @example
 * const [dx] = grad(x => ops.sum(ops.square(x)))(tensor([1, 2, 3]))   // [2, 4, 6]
 */
export function grad<Args extends Operand[]>(f: ScalarFunction<Args>): (...args: Args) => Tensor[] {
  const both = valueAndGrad(f)
  return (...args) => both(...args).grads
}
