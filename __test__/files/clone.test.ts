import { input, layers, type Model, model, models, sequential, type Tensor, tensor } from 'glorot'
import { expect, test } from 'vitest'
import { bytes, failure } from '../api/data.js'
import { MCDropout, Swoosh } from './custom.js'
import { noise } from './models.js'

function net(): ReturnType<typeof sequential> {
  return sequential([
    input({ shape: [4] }),
    layers.dense({ units: 3, name: 'first' }),
    new Swoosh({ name: 'swoosh', firstValue: 0.5 }),
    new MCDropout({ rate: 0, name: 'mc_dropout' }),
    sequential([input({ shape: [3] }), layers.dense({ units: 2, name: 'inner' })], { name: 'body' }),
  ])
}

const x = noise(5, 4)
const predicted = async (net: Model) => bytes([await net.predict(x)])

test('a clone has weights of its own, new ones or the same values', async () => {
  const original = net()
  original.compile({ optimizer: 'sgd', loss: 'mse' })
  const fresh = models.clone(original)
  const copy = models.clone(original, { weights: true })
  expect(fresh.toJSON()).toEqual(original.toJSON())
  expect(await predicted(fresh)).not.toBe(await predicted(original))
  expect(await predicted(copy)).toBe(await predicted(original))
  expect(copy.getLayer('swoosh')).toBeInstanceOf(Swoosh)
  expect(copy.layers[0]).not.toBe(original.layers[0])
  expect((await failure(() => copy.fit(x, noise(5, 2)))).message).toContain('must be compiled')

  const before = await predicted(original)
  copy.compile({ optimizer: 'sgd', loss: 'mse' })
  await copy.fit(x, noise(5, 2), { verbose: 0 })
  expect(await predicted(copy)).not.toBe(before)
  expect(await predicted(original)).toBe(before)
  // Setting the weights later is the same, as in Keras.
  fresh.setWeights(original.getWeights())
  expect(await predicted(fresh)).toBe(before)
})

test('a clone of a sequential model can grow', () => {
  const copy = models.clone(net())
  copy.add(layers.dense({ units: 7 }))
  expect(copy.layers).toHaveLength(5)
})

test('functional models with shared layers', async () => {
  const [a, b] = [input({ shape: [4] }), input({ shape: [4] })]
  const shared = layers.dense({ units: 3, name: 'shared' })
  const both = model({ inputs: [a, b], outputs: layers.add().apply([shared.apply(a), shared.apply(b)]) })
  const copy = models.clone(both, { weights: true })
  expect(copy.weights).toHaveLength(2)
  const inputs = [noise(2, 4), noise(2, 4)]
  expect(bytes([await copy.predict(inputs)])).toBe(bytes([await both.predict(inputs)]))
})

test('cloneFunction makes the layers', async () => {
  const original = net()
  const seen: string[] = []
  const swapped = models.clone(original, {
    cloneFunction: layer => {
      seen.push(layer.name)
      return layer.name === 'first' ? layers.dense({ units: 3, name: 'first', activation: 'relu' }) : layer
    },
  })
  expect(seen).toEqual(['first', 'swoosh', 'mc_dropout', 'body'])
  expect(swapped.getLayer('first').getConfig().activation).toBe('relu')
  // The others are shared.
  expect(swapped.getLayer('swoosh')).toBe(original.getLayer('swoosh'))
  const inside: string[] = []
  models.clone(original, {
    recursive: true,
    cloneFunction: layer => {
      inside.push(layer.name)
      return layers.deserialize(layer.className === 'Dense' ? layer.toJSON() : { class_name: 'Flatten', config: {} })
    },
  })
  expect(inside).toEqual(['first', 'swoosh', 'mc_dropout', 'inner'])
})

test('what cannot be cloned', async () => {
  const message = async (run: () => unknown) => (await failure(run)).message
  expect(await message(() => models.clone(5 as never))).toBe('models.clone: expected a model; received 5')
  expect(await message(() => models.clone(net(), { weigths: true } as never))).toContain("unknown option 'weigths'")
  expect(await message(() => models.clone(net(), { cloneFunction: (() => 3) as never }))).toBe(
    "models.clone: cloneFunction must return a layer; for 'first' it returned 3",
  )
  const other = () => models.clone(net(), { weights: true, cloneFunction: () => layers.dense({ units: 9 }) })
  expect(await message(other)).toMatch(
    /layer 'first' \(Dense\): weight 'kernel' has float32 \[4, 9\]; received float32 \[4, 3\]/,
  )
})

test('layers of a model in another one are shared, unless it is cloned', async () => {
  const a = net()
  const shared = sequential([...a.layers.slice(0, -1), layers.dense({ units: 1 })])
  const apart = sequential([...models.clone(a, { weights: true }).layers.slice(0, -1), layers.dense({ units: 1 })])
  expect(shared.getLayer('first')).toBe(a.getLayer('first'))
  const kernel = a.getLayer('first').getWeights()[0] as Tensor
  const moved = tensor(kernel.data().map((value: number) => value + 1) as Float32Array, kernel.shape)
  a.getLayer('first').setWeights([moved, [0, 0, 0]])
  expect(bytes(shared.getLayer('first').getWeights())).toBe(bytes(a.getLayer('first').getWeights()))
  expect(bytes([apart.getLayer('first').getWeights()[0] as Tensor])).toBe(bytes([kernel]))
})
