// Files that Keras wrote in many ways: see fixtures/models/README.md.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { input, layers, models, sequential, type Tensor } from 'glorot'
import { describe, expect, test } from 'vitest'
import { failure } from '../api/data.js'
import { close, golden } from '../golden/compare.js'
import { runFile } from '../golden/files.js'
import { type Case, readGroup } from '../golden/fixtures.js'
import { objects } from './custom.js'
import { warnings } from './warnings.js'

const folder = fileURLToPath(new URL('../fixtures/models', import.meta.url))

interface FileCase extends Case {
  file: string
  custom?: string[]
  error?: string
  options?: models.LoadOptions
  warning?: string
  weights?: boolean
}

function options(given: FileCase): models.LoadOptions {
  const names = given.custom ?? []
  return { ...given.options, customObjects: Object.fromEntries(names.map(name => [name, objects[name] as never])) }
}

async function run(given: FileCase): Promise<void> {
  const path = join(folder, given.file)
  if (given.error) {
    const error = await failure(() => models.load(path, options(given)))
    expect(error.message).toContain(given.error)
    expect(error.message.startsWith(path), error.message).toBe(true)
    return
  }
  const told = await warnings(() => runFile(given, folder, options(given)))
  if (given.warning) expect(told.join('\n')).toContain(given.warning)
  else expect(told).toEqual([])
}

for (const group of ['keras3', 'keras2']) {
  describe(group, () => {
    for (const given of readGroup(group, folder) as FileCase[]) {
      if (!given.weights)
        test(`${given.name}${given.options ? ` ${JSON.stringify(given.options)}` : ''}`, () => run(given))
    }
  })
}

test('files of weights of Keras 2, by order and by name', async () => {
  const given = (readGroup('keras2', folder) as FileCase[]).find(given => given.weights) as FileCase
  const file = join(folder, given.file)
  const net = (names: string[], units: number[]) =>
    sequential([input({ shape: [3] }), ...units.map((units, i) => layers.dense({ units, name: names[i] }))])
  const same = net(['a', 'b', 'c'], [5, 4, 2])
  expect(await same.loadWeights(file)).toEqual([])
  for (const [j, weight] of same.getWeights().entries()) close(given, `${j}`, weight, golden(given, `weight.${j}`))

  const other = net(['first', 'new', 'second'], [5, 5, 4])
  const [kernel] = other.getLayer('new').getWeights() as [Tensor, Tensor]
  expect(await other.loadWeights(file, { byName: true })).toEqual([])
  const [first, , , , second] = other.getWeights() as Tensor[]
  close(given, 'first', first as Tensor, golden(given, 'weight.0'))
  close(given, 'second', second as Tensor, golden(given, 'weight.2'))
  expect(other.getLayer('new').getWeights()[0]?.data()).toEqual(kernel.data())

  const error = await failure(() => net(['a', 'b', 'c'], [5, 3, 2]).loadWeights(file))
  expect(error).toMatchObject({ code: 'GLOROT_INVALID' })
  expect(error.message).toBe(`${file}: layer 'b', weight 'kernel': expected shape [5, 3], 'second/kernel:0' has [5, 4]`)
  const skipped = await net(['a', 'b', 'c'], [5, 3, 2]).loadWeights(file, { skipMismatch: true })
  expect(skipped.map(line => line.split(':')[0])).toEqual(["layer 'b', weight 'kernel'", "layer 'c', weight 'kernel'"])
})

test('weights that are NaN are loaded where one insists', async () => {
  const net = await models.load(join(folder, 'keras3/nan.keras'), { allowNaN: true })
  expect(net.getWeights()[1]?.data()).toEqual(new Float32Array([1, Number.NaN, 2]))
})
