import { grad, ops, type SymbolicTensor, type Tensor } from 'glorot'
import { close, golden, input, roles } from './compare.js'
import type { Case } from './fixtures.js'

type Op = (...args: unknown[]) => Tensor | Tensor[]

/** The results of an op and the gradients of its inputs. `args`: what it takes before (`einsum`) or after the tensors. */
export function runOp(given: Case): void {
  const op = (ops as unknown as Record<string, Op>)[given.kind]
  if (!op) throw new Error(`there is no op '${given.kind}'`)
  const {
    before = [],
    after = [],
    list = false,
  } = given.config as { before?: unknown[]; after?: unknown[]; list?: boolean }
  const args = after.map(readArgument)
  const call = (xs: unknown[]) => [op(...before, ...(list ? [xs] : xs), ...args)].flat()
  const inputs = roles(given, 'input.').map(number => input(given, `input.${number}`))
  const outputs = call(inputs)
  for (const [i, output] of outputs.entries()) close(given, `output.${i}`, output, golden(given, `output.${i}`))
  const wanted = roles(given, 'grad.')
  if (wanted.length === 0) return
  const loss = (...xs: SymbolicTensor[]) => {
    const terms = call(xs).map((y, i) => ops.sum(ops.mul(y, input(given, `upstream.${i}`))))
    return terms.reduce((sum, term) => ops.add(sum, term)) as unknown as SymbolicTensor
  }
  for (const [i, gradient] of grad(loss)(...inputs).entries())
    close(given, `grad.${i}`, gradient, golden(given, `grad.${i}`))
}

/** JSON has neither `undefined` nor infinite numbers. */
function readArgument(value: unknown): unknown {
  const options = value as { ord?: number | 'Infinity' } | null
  if (options?.ord === 'Infinity') return { ...options, ord: Number.POSITIVE_INFINITY }
  return value ?? undefined
}
