import { optimizers, type Variable, variable } from 'glorot'
import { asTensor, close, golden, input, roles, row } from './compare.js'
import type { Case } from './fixtures.js'

/** Parameters and learning rate after each of twelve steps, then the state, then the moving averages. */
export function runOptimizer(given: Case): void {
  const optimizer = optimizers.deserialize({ class_name: given.kind, config: given.config })
  const parameters = roles(given, 'initial.').map(k => variable(input(given, `initial.${k}`), { name: `p${k}` }))
  const gradients = roles(given, 'gradients.').map(k => golden(given, `gradients.${k}`))
  const wanted = roles(given, 'params.').map(k => golden(given, `params.${k}`))
  const rates = golden(given, 'learning_rate')
  for (let step = 0; step < (rates.shape[0] as number); step++) {
    optimizer.apply(
      gradients.map(gradient => asTensor(row(gradient, step))),
      parameters,
    )
    for (const [k, want] of wanted.entries()) {
      close(given, `params.${k} after step ${step + 1}`, (parameters[k] as Variable).value(), row(want, step))
    }
    close(given, `learning rate of step ${step + 1}`, optimizer.learningRate, row(rates, step))
  }
  const names = given.state_names as string[]
  const state = optimizer.variables
  if (state.length !== names.length) {
    throw new Error(`expected the state ${names.join(', ')}, received ${state.map(({ name }) => name).join(', ')}`)
  }
  for (const [j, name] of names.entries()) {
    close(given, `state.${j} (${name})`, (state[j] as Variable).value(), golden(given, `state.${j}`))
  }
  optimizer.finalizeVariables(parameters)
  for (const k of roles(given, 'finalized.')) {
    close(given, `finalized.${k}`, (parameters[Number(k)] as Variable).value(), golden(given, `finalized.${k}`))
  }
}
