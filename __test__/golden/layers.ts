import { layers, ops, type SymbolicTensor, type Tensor, type Variable, valueAndGrad } from 'glorot'
import { close, golden, input, roles } from './compare.js'
import type { Case } from './fixtures.js'

/** What random layers do in training. */
interface Expect {
  kept_scale?: number
  kept_shift?: number
  dropped_value?: number
}

/** Outputs in the mode of the case, gradients of inputs and weights, weights that the call changed. */
export async function runLayer(given: Case): Promise<void> {
  const inputs = roles(given, 'input').map(role => input(given, `input${role}`))
  // Keras cannot do this; whether it can be done here is not its business.
  if (given.unsupported) return
  const layer = layers.deserialize({ class_name: given.kind, config: given.config })
  const training = given.training === true
  const x = inputs.length === 1 ? (inputs[0] as Tensor) : inputs
  if (given.boundaries) await adaptBins(given, layer as layers.Discretization)
  layer.build((inputs.length === 1 ? inputs[0]?.shape : inputs.map(({ shape }) => shape)) as number[])
  const weights = new Map(layer.weights.map(weight => [weight.name, weight]))
  const weight = (name: string): Variable => {
    const found = weights.get(name)
    if (found) return found
    throw new Error(`the layer has no weight '${name}', only ${[...weights.keys()].join(', ')}`)
  }
  if (given.adapted_on && !given.boundaries) {
    await (layer as layers.Normalization).adapt(input(given, given.adapted_on as string))
    for (const name of roles(given, 'weight.'))
      close(given, name, weight(name).value(), golden(given, `weight.${name}`))
  }
  for (const name of roles(given, 'weight.')) weight(name).assign(input(given, `weight.${name}`))

  const output = layer.apply(x as Tensor, { training })
  close(given, 'output', output, golden(given, 'output'))
  for (const name of roles(given, 'updated.')) {
    close(given, `updated.${name}`, weight(name).value(), golden(given, `updated.${name}`))
  }

  if (roles(given, 'upstream').length === 0) return
  const upstream = input(given, 'upstream')
  const inputGrads = roles(given, 'grad.input')
  const weightGrads = roles(given, 'grad.').filter(name => !name.startsWith('input'))
  const loss = (...args: SymbolicTensor[]) => {
    const traced = inputs.map((value, i) => (inputGrads.length > 0 ? (args[i] as SymbolicTensor) : value))
    const y = layer.apply((traced.length === 1 ? traced[0] : traced) as SymbolicTensor, { training })
    return ops.sum(ops.mul(y, upstream))
  }
  const differentiable = inputGrads.length > 0 ? inputs : []
  const { grads } = valueAndGrad(loss)(...differentiable, ...weightGrads.map(weight))
  const names = [...inputGrads.map(role => `grad.input${role}`), ...weightGrads.map(name => `grad.${name}`)]
  for (const [i, name] of names.entries()) close(given, name, grads[i] as Tensor, golden(given, name))
  if (given.expect) checkRandom(given.expect as Expect, inputs[0] as Tensor, x => layer.apply(x, { training: true }))
}

/** The bins of data, in one piece or several. */
async function adaptBins(given: Case, layer: layers.Discretization): Promise<void> {
  const pieces = roles(given, 'piece.').map(number => input(given, `piece.${number}`))
  await layer.adapt(pieces.length > 0 ? pieces.values() : input(given, 'input'))
  const { bin_boundaries } = layer.toJSON().config as { bin_boundaries: number[] }
  const want = Float32Array.from(given.boundaries as number[])
  close(given, 'boundaries', bin_boundaries, { values: want, shape: [want.length], dtype: 'float32' })
}

/** Elements are kept (scaled and shifted) or dropped, and both happen. */
function checkRandom(expect: Expect, x: Tensor, call: (x: Tensor) => Tensor): void {
  const { kept_scale: scale, kept_shift: shift = 0, dropped_value: dropped } = expect
  if (scale === undefined || dropped === undefined) return
  let kept = 0
  let total = 0
  for (let repetition = 0; repetition < 20; repetition++) {
    const y = call(x).data()
    for (const [i, value] of x.data().entries()) {
      const near = (want: number) => Math.abs((y[i] as number) - want) <= 1e-5 * (1 + Math.abs(want))
      const isKept = near(value * scale + shift)
      if (!isKept && !near(dropped)) throw new Error(`element ${i}: ${value} became ${y[i]}, neither kept nor dropped`)
      kept += isKept ? 1 : 0
      total++
    }
  }
  if (kept === 0 || kept === total) throw new Error(`${kept} of ${total} elements were kept`)
}
