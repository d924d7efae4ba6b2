import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type CompileOptions,
  input,
  layers,
  type Model,
  metrics,
  model,
  models,
  ops,
  optimizers,
  type SymbolicTensor,
  sequential,
  type Tensor,
  tensor,
} from 'glorot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bytes, failure } from '../api/data.js'
import { largest, MCDropout, Swoosh, squared } from './custom.js'
import { everything, labels, noise } from './models.js'

const folder = mkdtempSync(join(tmpdir(), 'glorot-save-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)
const endings = ['.keras', '.h5'] as const

const state = (net: Model) => bytes([...net.getWeights(), ...net.optimizer.variables.map(v => v.value())])

let written: Awaited<ReturnType<typeof everything>>
beforeAll(async () => {
  written = await everything()
})

test.each(endings)('models in many ways come back from %s', async ending => {
  for (const [name, { model: net, x, y }] of Object.entries(written)) {
    const step = (net: Model, i: number) => net.trainOnBatch(x[i] as Tensor[], y?.[i] as Tensor[])
    if (y) await step(net, 0)
    await net.save(at(name + ending))
    const loaded = await models.load(at(name + ending))
    expect(loaded.toJSON(), name).toEqual(net.toJSON())
    expect(bytes([await loaded.predict(x[0] as Tensor[])].flat()), name).toBe(
      bytes([await net.predict(x[0] as Tensor[])].flat()),
    )
    if (!y) continue
    expect(state(loaded), name).toBe(state(net))
    expect(await step(loaded, 1), name).toEqual(await step(net, 1))
    expect(state(loaded), name).toBe(state(net))
  }
})

function inverse(step: SymbolicTensor): SymbolicTensor {
  return ops.div(0.1, ops.add(step, 1))
}

function ours(): Model {
  const net = sequential([
    input({ shape: [4] }),
    layers.dense({ units: 5 }),
    new Swoosh({ name: 'swoosh', firstValue: 0.5 }),
    new MCDropout({ rate: 0.3 }),
    layers.dense({ units: 2 }),
  ])
  const metric = new metrics.Metric(largest)
  net.compile({
    optimizer: optimizers.sgd({ learningRate: inverse, momentum: 0.9 }),
    loss: squared,
    metrics: ['mae', metric],
    weightedMetrics: [largest],
  })
  return net
}

test.each(endings)('what JavaScript defines is looked up by its name, from %s', async ending => {
  const net = ours()
  const [x, y] = [noise(8, 4), noise(8, 2)]
  await net.trainOnBatch(x, y)
  const path = at(`ours${ending}`)
  const saved = bytes(net.getWeights())
  await net.save(path)
  const customObjects = { Swoosh, MCDropout, squared, largest, inverse }
  const loaded = await models.load(path, { customObjects })
  const swoosh = loaded.getLayer('swoosh')
  expect(swoosh).toBeInstanceOf(Swoosh)
  expect(swoosh.getConfig()).toMatchObject({ firstValue: 0.5 })
  expect(await loaded.trainOnBatch(x, y)).toEqual(await net.trainOnBatch(x, y))
  expect(state(loaded)).toBe(state(net))

  const without = (...names: (keyof typeof customObjects)[]) => {
    const left = Object.entries(customObjects).filter(([name]) => !names.includes(name as keyof typeof customObjects))
    return failure(() => models.load(path, { customObjects: Object.fromEntries(left) }))
  }
  expect((await without('Swoosh')).message).toBe(
    `${path}: layer 'swoosh': unknown class 'Swoosh': glorot has no such layer; give yours as customObjects: { Swoosh }`,
  )
  for (const [name, kind, where] of [
    ['squared', 'loss', ''],
    ['largest', 'metric', ''],
    ['inverse', 'schedule', "SGD: option 'learning_rate': "],
  ] as const) {
    const error = await without(name)
    expect(error.message).toBe(
      `${path}: ${where}${kind}: unknown ${kind} '${name}'; give what is yours as customObjects: { ${name} }, or load with ` +
        'compile: false and compile anew',
    )
    expect(error).toMatchObject({ code: 'GLOROT_CONFIG' })
  }
  const plain = await models.load(path, { customObjects: { Swoosh, MCDropout }, compile: false })
  expect(bytes(plain.getWeights())).toBe(saved)
  expect((await failure(() => plain.fit(x, y))).message).toContain('must be compiled before fit()')
})

test('custom objects that are none', async () => {
  const path = at('ours2.keras')
  await ours().save(path)
  const message = async (customObjects: unknown) =>
    (await failure(() => models.load(path, { customObjects: customObjects as never }))).message
  expect(await message({ Swoosh: 3 })).toContain("customObjects: 'Swoosh' must be a class or a function; received 3")
  expect(await message({ Swoosh: () => 5 })).toContain("'Swoosh' stands for a layer and must be a class that extends")
  expect(await message([Swoosh])).toContain("option 'customObjects' must be an object of classes and functions by name")
  class Broken extends Swoosh {
    constructor() {
      super()
      throw new Error('not today')
    }
  }
  expect(await message({ Swoosh: Broken })).toContain('not today')
})

test('a class is made by fromConfig where it has one, and a model by a function', async () => {
  class Scaled extends layers.Layer {
    private readonly factor: number

    constructor(factor: number, options: layers.LayerOptions) {
      super(options)
      this.factor = factor
    }

    static fromConfig({ factor, ...options }: { factor: number } & layers.LayerOptions) {
      return new Scaled(factor, options)
    }

    override call(x: SymbolicTensor) {
      return ops.mul(x, this.factor)
    }

    override getConfig() {
      return { ...super.getConfig(), factor: this.factor }
    }
  }
  const net = sequential([input({ shape: [2] }), new Scaled(3, { name: 'scaled' })])
  await net.save(at('scaled.keras'))
  const loaded = await models.load(at('scaled.keras'), { customObjects: { Scaled } })
  expect((await loaded.predict(tensor([[1, 2]]))).toArray()).toEqual([[3, 6]])
  const json = net.toJSON()
  const customObjects = {
    Scaled,
    Mine: (config: object) => models.fromJSON({ ...json, config }, { customObjects: { Scaled } }),
  }
  const made = models.fromJSON({ class_name: 'Mine', config: json.config }, { customObjects })
  expect(made.getLayer('scaled')).toBeInstanceOf(Scaled)
  const error = await failure(() => models.fromJSON({ class_name: 'Mine', config: json.config }))
  expect(error.message).toContain("the model is of the class 'Mine', a subclass whose layers a file does not tell")
  expect(await failure(() => models.fromJSON('{'))).toMatchObject({ code: 'GLOROT_CONFIG' })
})

test('what is excluded from weight decay is so after loading', async () => {
  const net = sequential([input({ shape: [3] }), layers.dense({ units: 2 }), layers.dense({ units: 1 })])
  const optimizer = optimizers.adamW({ learningRate: 0.1, weightDecay: 0.5 })
  optimizer.excludeFromWeightDecay({ names: ['bias'], variables: [net.weights[0] as never] })
  net.compile({ optimizer, loss: 'mse' })
  const [x, y] = [noise(8, 3), noise(8, 1)]
  await net.trainOnBatch(x, y)
  await net.save(at('decay.keras'))
  const loaded = await models.load(at('decay.keras'))
  for (const one of [net, loaded]) await one.trainOnBatch(x, y)
  expect(state(loaded)).toBe(state(net))
})

test('a learning rate that a callback has lowered stays low', async () => {
  const net = sequential([input({ shape: [3] }), layers.dense({ units: 1 })])
  net.compile({ optimizer: 'nadam', loss: 'mse' })
  net.optimizer.learningRate = 0.0123
  await net.save(at('rate.h5'))
  expect((await models.load(at('rate.h5'))).optimizer.learningRate).toBe(Math.fround(0.0123))
})

test('a model that is not compiled, and one that leaves its optimizer out', async () => {
  const net = sequential([input({ shape: [3] }), layers.dense({ units: 1 })])
  await net.save(at('plain.keras'))
  expect((await models.load(at('plain.keras'))).compiled).toBeUndefined()
  net.compile({ optimizer: 'adam', loss: 'mse' })
  for (const ending of endings) {
    await net.save(at(`without${ending}`), { includeOptimizer: false })
    expect((await models.load(at(`without${ending}`))).compiled).toBeUndefined()
  }
})

test('loaded sequential models can grow, nested ones too', async () => {
  const inner = sequential([input({ shape: [4] }), layers.dense({ units: 3 })], { name: 'inner' })
  const x = input({ shape: [4] })
  await model({ inputs: x, outputs: inner.apply(x) }).save(at('nested.keras'))
  const loaded = (await models.load(at('nested.keras'))).getLayer('inner') as ReturnType<typeof sequential>
  loaded.add(layers.dense({ units: 2 }))
  expect((await loaded.predict(noise(5, 4))).shape).toEqual([5, 2])
})

test('an unbuilt model of a file is built by its shape', async () => {
  const late = sequential([layers.dense({ units: 3 }), layers.dense({ units: 1 })])
  await late.predict(noise(2, 4))
  await late.save(at('late.keras'))
  expect((await models.load(at('late.keras'))).countParams()).toBe(4 * 3 + 3 + 3 + 1)
  const never = sequential([layers.dense({ units: 3 })])
  await never.save(at('never.keras'))
  expect((await models.load(at('never.keras'))).built).toBe(false)
})

test('paths and options', async () => {
  const net = sequential([input({ shape: [3] }), layers.dense({ units: 1 })])
  const message = async (run: () => unknown) => (await failure(run)).message
  expect(await message(() => net.save('model.txt'))).toBe(
    "save: the path must end in .keras, .h5 or .hdf5; received 'model.txt'",
  )
  expect(await message(() => net.save(3 as never))).toContain('received number')
  expect(await message(() => net.save(at('model.weights.h5')))).toContain('is the name of a file of weights')
  expect(await message(() => net.saveWeights(at('model.h5')))).toContain('must end in .weights.h5 or .safetensors')
  expect(await message(() => net.save(at('no/such/model.keras')))).toContain('create it first')
  expect(await message(() => net.save(at('a.keras'), { overWrite: true } as never))).toContain(
    "unknown option 'overWrite'",
  )
  await net.save(at('a.keras'))
  const error = await failure(() => net.save(at('a.keras'), { overwrite: false }))
  expect(error).toMatchObject({
    code: 'GLOROT_FILE',
    message: `${at('a.keras')}: the file exists; give overwrite: true to replace it, or choose another name`,
  })
  await net.save(at('a.keras'))
  expect(await failure(() => models.load(at('none.keras')))).toMatchObject({ code: 'GLOROT_FILE' })
  expect(await message(() => models.load(folder))).toContain('is a folder; a model in the SavedModel format')
  writeFileSync(at('text.keras'), 'hello')
  expect(await message(() => models.load(at('text.keras')))).toContain('is no model file')
  expect(await message(() => models.load(3 as never))).toContain('expected the path of a file')
  expect(readdirSync(folder).filter(name => name.endsWith('.tmp'))).toEqual([])
})

test('a model is saved as it is when save() is called', async () => {
  const net = sequential([input({ shape: [3] }), layers.dense({ units: 1 })])
  const before = net.getWeights()
  const saving = net.save(at('now.keras'))
  net.setWeights(before.map(weight => tensor(new Float32Array(weight.size), weight.shape)))
  await saving
  expect(bytes((await models.load(at('now.keras'))).getWeights())).toBe(bytes(before))
})

test('weights alone, by order and by name', async () => {
  const options: CompileOptions = { optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' }
  const net = (names: string[], units = 6) =>
    sequential([
      input({ shape: [4] }),
      layers.dense({ units, name: names[0] }),
      layers.batchNormalization({ name: names[1] }),
      layers.dense({ units: 3, activation: 'softmax', name: names[2] }),
    ])
  const a = net(['first', 'norm', 'last'])
  a.compile(options)
  await a.trainOnBatch(noise(8, 4), labels(3, 8))
  await a.save(at('a.keras'))
  await a.save(at('a.h5'))
  await a.saveWeights(at('a.weights.h5'))
  await a.saveWeights(at('a.safetensors'))
  for (const file of ['a.keras', 'a.h5', 'a.weights.h5', 'a.safetensors'].map(at)) {
    const b = net(['x', 'y', 'z'])
    expect(await b.loadWeights(file)).toEqual([])
    expect(bytes(b.getWeights())).toBe(bytes(a.getWeights()))

    // Nothing changes unless all fits.
    const wide = net(['x', 'y', 'z'], 7)
    const before = bytes(wide.getWeights())
    const error = await failure(() => wide.loadWeights(file))
    expect(error.message).toContain(`${file}: layer 'x', weight 'kernel': expected shape [4, 7]`)
    expect(error).toMatchObject({ code: 'GLOROT_INVALID' })
    expect(bytes(wide.getWeights())).toBe(before)
    expect((await wide.loadWeights(file, { skipMismatch: true })).length).toBeGreaterThan(0)
  }
  for (const file of ['a.keras', 'a.h5', 'a.safetensors'].map(at)) {
    const named = sequential([
      input({ shape: [4] }),
      layers.dense({ units: 6, name: 'first' }),
      layers.dense({ units: 2 }),
    ])
    const rest = bytes(named.layers[1]?.getWeights() as Tensor[])
    expect(await named.loadWeights(file, { byName: true })).toEqual([])
    expect(bytes(named.layers[0]?.getWeights() as Tensor[])).toBe(bytes(a.layers[0]?.getWeights() as Tensor[]))
    expect(bytes(named.layers[1]?.getWeights() as Tensor[])).toBe(rest)
    const error = await failure(() => net(['p', 'q', 'r']).loadWeights(file, { byName: true }))
    expect(error.message).toMatch(/byName: no (layer|weight) has the same name in the file \(.*\) and in the model/)
  }
  const numbered = await failure(() => a.loadWeights(at('a.weights.h5'), { byName: true }))
  expect(numbered.message).toContain('byName needs a file that names its layers')
  const other = sequential([input({ shape: [4] }), layers.dense({ units: 6 })])
  expect((await failure(() => other.loadWeights(at('a.keras')))).message).toContain(
    "'layers/batch_normalization' of the file: no layer of the model takes it; load with byName or skipMismatch",
  )
  expect((await failure(() => other.loadWeights(at('a.h5')))).message).toMatch(
    /the file has weights of 3 layers \(first, norm, last\), model '.*' has 1 layers with weights/,
  )
  expect((await failure(() => other.loadWeights(at('a.safetensors')))).message).toMatch(
    /does not fit model '.*': weights that it does not have: dense.*; tensors that the model does not have: first\/bias, /,
  )
  const unbuilt = await failure(() => sequential([layers.dense({ units: 6 })]).loadWeights(at('a.keras')))
  expect(unbuilt.message).toContain('does not know the shape of its inputs yet')
})

test('tensors of any kind in a safetensors file', async () => {
  const tensors = {
    float: tensor([[1.5, Number.NaN, Number.POSITIVE_INFINITY]]),
    int: tensor(new Int32Array([1, -2])),
    byte: tensor(new Uint8Array([255]), []),
    bool: tensor([true, false]),
    empty: tensor(new Float32Array(0), [0, 3]),
    __proto__: tensor([7]),
  }
  Object.defineProperty(tensors, '__proto__', { value: tensor([7]), enumerable: true })
  await models.writeSafetensors(at('some.safetensors'), tensors)
  const read = await models.readSafetensors(at('some.safetensors'))
  expect(Object.keys(read).sort()).toEqual(Object.keys(tensors).sort())
  for (const [name, { dtype, shape, values }] of Object.entries(tensors)) {
    const found = Object.getOwnPropertyDescriptor(read, name)?.value as Tensor
    expect({ dtype: found.dtype, shape: found.shape, values: found.data() }).toEqual({ dtype, shape, values })
  }
  expect((await failure(() => models.writeSafetensors('x.txt', {}))).message).toContain('must end in .safetensors')
  expect((await failure(() => models.readSafetensors(at('a.keras')))).message).toContain('is no valid safetensors file')
})

test('a layer that a model shares with one inside of it', async () => {
  const { model: net, x } = written.around as (typeof written)[string]
  await net.save(at('around.keras'))
  const loaded = await models.load(at('around.keras'))
  expect(loaded.layers.filter(layer => layer.className === 'Dense')).toHaveLength(1)
  expect(bytes([await loaded.predict(x[0] as Tensor[])])).toBe(bytes([await net.predict(x[0] as Tensor[])]))
})
