import { configError, shapeError, shown } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { matMul } from './linear.js'
import { reshape, transpose } from './movement.js'
import { sum } from './reduce.js'
import { type Operand, type Result, shapeOf } from './run.js'

/** An operand and a letter for each of its axes. */
interface Labelled {
  x: Tensor
  labels: string
}

/**
 * Einstein's summation: products of elements, summed over the axes whose letter the result does not have.
 *
 * @param equation Letters for the axes of each operand and of the result: `'bij,bjk->bik'`. Without `->` the result has the
 *   letters that occur once, in alphabetical order.
 * @param operands One float32 tensor for each group of letters. A letter occurs once in a group and stands for one length.
 */
export function einsum<A extends Operand>(equation: string, ...operands: A[]): Result<A> {
  const { groups, result } = parse(equation, operands)
  const lengths = new Map<string, number>()
  const labelled = groups.map((labels, i): Labelled => {
    const shape = shapeOf(operands[i])
    if (shape.length !== labels.length) {
      throw shapeError(
        `einsum: '${labels}' of '${equation}' has ${labels.length} axes; received shape [${shape.join(', ')}]`,
      )
    }
    for (const [axis, label] of [...labels].entries()) {
      const [known, length] = [lengths.get(label), shape[axis] as number]
      if (known !== undefined && known !== length) {
        throw shapeError(`einsum: axis '${label}' of '${equation}' has lengths ${known} and ${length}`)
      }
      lengths.set(label, length)
    }
    return { x: reshape(operands[i] as unknown as Tensor, shape), labels }
  })
  const [first, ...rest] = labelled as [Labelled, ...Labelled[]]
  const product = rest.reduce((left, right, i) => {
    const later =
      result +
      rest
        .slice(i + 1)
        .map(({ labels }) => labels)
        .join('')
    return contract(reduced(left, right.labels + later), reduced(right, left.labels + later), later, lengths)
  }, first)
  return arranged(reduced(product, result), result) as Result<A>
}

function parse(equation: string, operands: readonly unknown[]): { groups: string[]; result: string } {
  const fail = (why: string) => configError(`einsum: ${why}; received ${shown(equation)}`)
  if (typeof equation !== 'string') throw fail("expected an equation, as 'ij,jk->ik'")
  const [left = '', right, ...more] = equation.replaceAll(' ', '').split('->')
  const groups = left.split(',')
  if (more.length > 0 || ![...groups, right ?? ''].every(group => /^[a-zA-Z]*$/.test(group))) {
    throw fail("expected letters for axes, commas between operands and one '->', as 'ij,jk->ik'")
  }
  if (groups.length !== operands.length) {
    throw fail(`expected an equation for ${operands.length} operands`)
  }
  const twice = [...groups, right ?? ''].find(group => new Set(group).size < group.length)
  if (twice !== undefined) throw fail(`'${twice}' has a letter twice`)
  const letters = groups.join('')
  const unknown = [...(right ?? '')].find(letter => !letters.includes(letter))
  if (unknown !== undefined) throw fail(`no operand has the axis '${unknown}' of the result`)
  const once = [...letters].filter(letter => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort()
  return { groups, result: right ?? once.join('') }
}

/** Summed over the axes that nobody needs. */
function reduced({ x, labels }: Labelled, needed: string): Labelled {
  const axes = [...labels].flatMap((label, axis) => (needed.includes(label) ? [] : [axis]))
  if (axes.length === 0) return { x, labels }
  return { x: sum(x, axes), labels: [...labels].filter(label => needed.includes(label)).join('') }
}

/** The product of two operands as a matrix product: axes that both have and are needed are a batch, others that both have are summed. */
function contract(a: Labelled, b: Labelled, needed: string, lengths: Map<string, number>): Labelled {
  const both = [...a.labels].filter(label => b.labels.includes(label))
  const batch = both.filter(label => needed.includes(label)).join('')
  const summed = both.filter(label => !needed.includes(label)).join('')
  const only = (labels: string) => [...labels].filter(label => !both.includes(label)).join('')
  const [rows, columns] = [only(a.labels), only(b.labels)]
  const size = (labels: string) => [...labels].map(label => lengths.get(label) as number)
  const count = (labels: string) => size(labels).reduce((product, length) => product * length, 1)
  const left = reshape(arranged(a, batch + rows + summed), [count(batch), count(rows), count(summed)])
  const right = reshape(arranged(b, batch + summed + columns), [count(batch), count(summed), count(columns)])
  const labels = batch + rows + columns
  return { x: reshape(matMul(left, right), size(labels)), labels }
}

/** The axes in the order of these letters. */
function arranged({ x, labels }: Labelled, order: string): Tensor {
  return order === labels
    ? x
    : transpose(
        x,
        [...order].map(label => labels.indexOf(label)),
      )
}
