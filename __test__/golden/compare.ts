import { Tensor, tensor } from 'glorot'
import type { Case, Golden } from './fixtures.js'

/** The tensor that a case holds under a role. */
export function golden(given: Case, role: string): Golden {
  const found = given.tensors[role]
  if (!found) throw new Error(`the case has no tensor '${role}'`)
  return found
}

/** The same as a tensor of glorot. */
export const input = (given: Case, role: string): Tensor => asTensor(golden(given, role))

export const asTensor = ({ values, shape, dtype }: Golden): Tensor => tensor(values, shape, dtype)

/** Entry `i` along the first axis. */
export function row({ values, shape, dtype }: Golden, i: number): Golden {
  const inner = shape.slice(1)
  const size = inner.reduce((product, dim) => product * dim, 1)
  return { values: values.slice(i * size, (i + 1) * size), shape: inner, dtype }
}

/** Roles that begin with a prefix, by what follows, in numerical order. */
export function roles(given: Case, prefix: string): string[] {
  const names = Object.keys(given.tensors).filter(role => role.startsWith(prefix))
  return names.map(role => role.slice(prefix.length)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

/** Fails unless `|got - want| <= atol + rtol * |want|` everywhere, as `numpy.allclose`; NaN equals NaN. */
export function close(given: Case, what: string, got: Tensor | number[] | number, want: Golden): void {
  const { rtol, atol } = given.tolerance
  const values = got instanceof Tensor ? got.data() : [got].flat()
  if (got instanceof Tensor && got.shape.join() !== want.shape.join()) {
    throw new Error(`${what}: expected shape [${want.shape}], received [${got.shape}]`)
  }
  if (values.length !== want.values.length) {
    throw new Error(`${what}: expected ${want.values.length} values, received ${values.length}`)
  }
  let worst = { excess: 0, i: -1 }
  for (let i = 0; i < want.values.length; i++) {
    const [a, b] = [values[i] as number, want.values[i] as number]
    if (Object.is(a, b) || (Number.isNaN(a) && Number.isNaN(b)) || a === b) continue
    const excess = Math.abs(a - b) / (atol + rtol * Math.abs(b))
    if (!(excess <= 1) && !(excess <= worst.excess)) worst = { excess, i }
  }
  if (worst.i < 0) return
  const { i, excess } = worst
  throw new Error(
    `${what}[${i}]: expected ${want.values[i]}, received ${values[i]}: ${excess.toFixed(1)} tolerances off`,
  )
}
