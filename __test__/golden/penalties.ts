import { constraints, grad, regularizers, type Tensor } from 'glorot'
import { close, golden, input } from './compare.js'
import type { Case } from './fixtures.js'

/** Penalty of a weight, and its gradient. */
export function runRegularizer(given: Case): void {
  const regularizer = regularizers.deserialize({ class_name: given.kind, config: given.config })
  close(given, 'penalty', regularizer.penalty(input(given, 'weight')), golden(given, 'penalty'))
  const [gradient] = grad(weight => regularizer.penalty(weight))(input(given, 'weight'))
  close(given, 'grad', gradient as Tensor, golden(given, 'grad'))
}

/** A weight after its projection. */
export function runConstraint(given: Case): void {
  const constraint = constraints.deserialize({ class_name: given.kind, config: given.config })
  close(given, 'output', constraint.project(input(given, 'weight')), golden(given, 'output'))
}
