import { initializers, type Tensor } from 'glorot'
import { close, golden } from './compare.js'
import type { Case } from './fixtures.js'

/** A value with an absolute tolerance. */
interface Near {
  value: number
  tolerance: number
}

interface Expect {
  mean?: Near
  stddev?: Near
  kurtosis?: Near
  support?: [number, number]
  reach?: number
  orthogonal?: 'columns' | 'rows'
  gain_squared?: number
  matrix_shape?: [number, number]
  tolerance?: number
}

/** The value, or the statistics of random ones. */
export function runInitializer(given: Case): void {
  // Keras forgets to serialize the gain of Identity; it is the first element.
  const forgotten = given.kind === 'Identity' ? { gain: golden(given, 'value').values[0] } : {}
  const initializer = initializers.deserialize({ class_name: given.kind, config: { ...forgotten, ...given.config } })
  const value = initializer.initialize(given.shape as number[])
  if (value.shape.join() !== (given.shape as number[]).join()) throw new Error(`received shape [${value.shape}]`)
  if (given.tensors.value) close(given, 'value', value, golden(given, 'value'))
  const expect = given.expect as Expect | undefined
  if (expect?.orthogonal) checkOrthogonal(value, expect)
  else if (expect) checkStatistics(value, expect)
}

function checkStatistics(value: Tensor, expect: Expect): void {
  const values = Array.from(value.data())
  const mean = average(values)
  const moment = (power: number) => average(values.map(x => (x - mean) ** power))
  const near = (what: string, got: number, want: Near | undefined) => {
    if (want && !(Math.abs(got - want.value) <= want.tolerance)) {
      throw new Error(`${what}: expected ${want.value} ± ${want.tolerance}, received ${got}`)
    }
  }
  near('mean', mean, expect.mean)
  near('stddev', Math.sqrt(moment(2)), expect.stddev)
  near('kurtosis', moment(4) / moment(2) ** 2, expect.kurtosis)
  const [low, high] = expect.support ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const outside = values.find(x => !(x >= low && x <= high))
  if (outside !== undefined) throw new Error(`${outside} is outside of [${low}, ${high}]`)
  const center = expect.mean?.value ?? 0
  const reach = values.reduce((most, x) => Math.max(most, Math.abs(x - center)), 0)
  if (reach < (expect.reach ?? 0)) throw new Error(`expected to reach ${expect.reach} from the mean, received ${reach}`)
}

/** Columns (rows) are orthogonal to each other and have one length. */
function checkOrthogonal(value: Tensor, expect: Expect): void {
  const [rows, columns] = expect.matrix_shape as [number, number]
  const values = value.data()
  const byColumns = expect.orthogonal === 'columns'
  const [vectors, length] = byColumns ? [columns, rows] : [rows, columns]
  const at = (vector: number, i: number) => values[byColumns ? i * columns + vector : vector * columns + i] as number
  for (let a = 0; a < vectors; a++) {
    for (let b = a; b < vectors; b++) {
      let product = 0
      for (let i = 0; i < length; i++) product += at(a, i) * at(b, i)
      const want = a === b ? (expect.gain_squared as number) : 0
      if (!(Math.abs(product - want) <= (expect.tolerance as number))) {
        throw new Error(`product of ${expect.orthogonal} ${a} and ${b}: expected ${want}, received ${product}`)
      }
    }
  }
}

const average = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length
