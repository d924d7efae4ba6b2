import {
  input,
  layers,
  ops,
  type Sequential,
  type SymbolicTensor,
  sequential,
  type Tensor,
  tensor,
  valueAndGrad,
} from 'glorot'

/** Standard normal values (Box and Muller, 1958). */
export function normal(shape: readonly number[], seed = 58): Tensor {
  const values = new Float32Array(shape.reduce((product, length) => product * length, 1))
  let state = seed
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  const draw = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  return tensor(values.map(draw), shape)
}

/** Dense layers of 100 units, one after the other. */
export const stack = (depth: number, dense: Omit<layers.DenseOptions, 'units'>) =>
  sequential([input({ shape: [100] }), ...Array.from({ length: depth }, () => layers.dense({ units: 100, ...dense }))])

/** Mean and standard deviation of what each layer gives. */
export function outputs(net: Sequential, x: Tensor): { mean: number; std: number; values: Tensor }[] {
  let values = x
  return net.layers.map(layer => {
    values = layer.apply(values)
    const { mean, std } = values.moments()
    return { mean: mean.item(), std: std.item(), values }
  })
}

/** The norm of the gradient of each layer's kernel, for the loss that is the mean of the squared outputs. */
export function gradientNorms(net: Sequential, x: Tensor): number[] {
  const kernels = net.layers.flatMap(layer => layer.weights.slice(0, 1))
  const loss = (..._kernels: SymbolicTensor[]) => ops.mean(ops.square(net.apply(x)))
  const { grads } = valueAndGrad(loss)(...kernels)
  return grads.map(gradient => Math.hypot(...gradient.data()))
}
