// What Keras does around the arithmetic, in fixtures/parity/parity.json: see generate.py there.
import { readFileSync } from 'node:fs'
import { callbacks, type FitOptions, type Model, models, optimizers, type Tensor, tensor } from 'glorot'
import { describe, expect, test } from 'vitest'

interface Numbers {
  shape: number[]
  dtype: 'float32' | 'int32'
  data: number[]
}

type Arrays = Numbers | Arrays[] | { [name: string]: Arrays } | null

interface Call {
  call: string
  arguments: Record<string, unknown>
  result: unknown
}

interface Case {
  name: string
  model: { class_name: string; config: object }
  weights: Numbers[]
  calls: Call[]
}

const cases: Case[] = JSON.parse(readFileSync(new URL('./fixtures/parity/parity.json', import.meta.url), 'utf8'))

const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

function isNumbers(value: Arrays): value is Numbers {
  return value !== null && typeof value === 'object' && 'shape' in value && Array.isArray((value as Numbers).data)
}

/** Arrays as tensors, in whatever they are. */
function tensors(value: Arrays): unknown {
  if (value === null) return undefined
  if (isNumbers(value)) return tensor(value.data, value.shape, value.dtype)
  if (Array.isArray(value)) return value.map(tensors)
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, tensors(inner)]))
}

const arrays = new Set(['sample_weight', 'validation_data'])
const optionsOf = (given: unknown) =>
  Object.fromEntries(
    Object.entries((given ?? {}) as Record<string, Arrays>).map(([name, value]) => [
      camel(name),
      arrays.has(name) ? tensors(value) : value,
    ]),
  )

/** As numpy.allclose with tolerances for some steps of float32. */
function expectClose(got: ArrayLike<number>, want: number[], what: string) {
  expect(got.length, what).toBe(want.length)
  for (const [i, value] of want.entries()) {
    const distance = Math.abs((got[i] as number) - value)
    expect(distance, `${what}[${i}]: expected ${value}, received ${got[i]}`).toBeLessThanOrEqual(
      2e-6 + 2e-5 * Math.abs(value),
    )
  }
}

function expectTensors(got: Tensor[], want: Numbers[], what: string) {
  expect(got.map(({ shape }) => shape)).toEqual(want.map(({ shape }) => shape))
  for (const [i, { data }] of want.entries()) expectClose((got[i] as Tensor).data(), data, `${what} ${i}`)
}

const callback = ([name, options]: [string, object]): callbacks.Callback => {
  const factory = callbacks[name as 'EarlyStopping'] as unknown as new (options: object) => callbacks.Callback
  return new factory(options)
}

const list = (value: unknown) => (Array.isArray(value) ? value : [value])

const calls: Record<string, (model: Model, call: Call) => Promise<void> | void> = {
  compile(model, { arguments: { optimizer, ...options } }) {
    const given = Object.fromEntries(Object.entries(options).map(([name, value]) => [camel(name), value ?? undefined]))
    model.compile({ optimizer: optimizers.deserialize(optimizer as never), ...given })
  },
  freeze(model, { arguments: names }) {
    for (const name of names as unknown as string[]) model.getLayer(name).trainable = false
  },
  async fit(model, { arguments: { x, y, callbacks, options }, result }) {
    const given = { ...optionsOf(options), callbacks: (callbacks as [string, object][]).map(callback) } as FitOptions
    const data = [tensors(x as Arrays), tensors(y as Arrays)] as [Tensor, Tensor]
    const { epoch, history } = await model.fit(...data, { ...given, shuffle: false, verbose: 0 })
    const want = result as { epoch: number[]; history: [string, number[]][] }
    expect(epoch).toEqual(want.epoch)
    expect(Object.keys(history).sort()).toEqual(want.history.map(([name]) => camel(name)).sort())
    for (const [name, values] of want.history) expectClose(history[camel(name)] as number[], values, name)
  },
  async evaluate(model, { arguments: { x, y, options }, result }) {
    const data = [tensors(x as Arrays), tensors(y as Arrays)] as [Tensor, Tensor]
    checkLogs(await model.evaluate(...data, { ...optionsOf(options), verbose: 0 }), result)
  },
  async train_on_batch(model, { arguments: { x, y, options }, result }) {
    checkLogs(
      await model.trainOnBatch(tensors(x as Arrays) as Tensor, tensors(y as Arrays) as Tensor, optionsOf(options)),
      result,
    )
  },
  async test_on_batch(model, { arguments: { x, y, options }, result }) {
    checkLogs(
      await model.testOnBatch(tensors(x as Arrays) as Tensor, tensors(y as Arrays) as Tensor, optionsOf(options)),
      result,
    )
  },
  async predict(model, { arguments: { x, options }, result }) {
    const got = await model.predict(tensors(x as Arrays) as Tensor, optionsOf(options))
    expectTensors(list(got), list(result) as Numbers[], 'prediction')
  },
  weights(model, { result }) {
    expectTensors(model.getWeights(), result as Numbers[], 'weight')
  },
}

function checkLogs(logs: Readonly<Record<string, number>>, result: unknown) {
  const want = result as [string, number][]
  expect(Object.keys(logs).sort()).toEqual(want.map(([name]) => camel(name)).sort())
  for (const [name, value] of want) expectClose([logs[camel(name)] as number], [value], name)
}

describe('as Keras', () => {
  for (const given of cases) {
    test(given.name, async () => {
      const model = models.fromJSON(given.model as never)
      model.setWeights(given.weights.map(weight => tensors(weight) as Tensor))
      for (const [i, call] of given.calls.entries()) {
        const run = calls[call.call] ?? (() => Promise.reject(new Error(`unknown call '${call.call}'`)))
        try {
          await run(model, call)
        } catch (error) {
          throw Object.assign(error as Error, { message: `call ${i} (${call.call}): ${(error as Error).message}` })
        }
      }
    })
  }
})
