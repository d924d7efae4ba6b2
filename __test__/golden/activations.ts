import { activations, grad, ops } from 'glorot'
import { close, golden, input } from './compare.js'
import type { Case } from './fixtures.js'
import { runLayer } from './layers.js'

/** Value and gradient of a function, or of a layer that is one. */
export async function runActivation(given: Case): Promise<void> {
  if (/^[A-Z]/.test(given.kind)) return runLayer(given)
  const activation = activations.deserialize({ class_name: given.kind, config: given.config })
  close(given, 'output', activation(input(given, 'input')), golden(given, 'output'))
  const upstream = input(given, 'upstream')
  const [dx] = grad(x => ops.sum(ops.mul(activation(x), upstream)))(input(given, 'input'))
  close(given, 'grad.input', dx as never, golden(given, 'grad.input'))
}
