import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { layers, models, optimizers, random, type Sequential, sequential } from 'glorot'
import { afterAll, expect, test } from 'vitest'
import { bytes, circle, network } from '../data.js'

const folder = mkdtempSync(join(tmpdir(), 'glorot-program-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('transfer learning', async () => {
  random.setSeed(7)
  const { x: xB, y: yB } = circle(128)
  const { x: xValB, y: yValB } = circle(64)
  const trained = network()
  await trained.fit(xB, yB, { epochs: 1, verbose: 0 })
  const file = join(folder, 'model_A.h5')
  await trained.save(file)

  const a = (await models.load(file)) as Sequential
  expect(a.optimizer.iterations).toBe(4)
  const reused = models.clone(a, { weights: true }).layers.slice(0, -1)
  const b = sequential([...reused, layers.dense({ units: 1, activation: 'sigmoid' })])
  for (const layer of b.layers.slice(0, -1)) layer.trainable = false
  b.compile({
    optimizer: optimizers.sgd({ learningRate: 1e-3 }),
    loss: 'binaryCrossentropy',
    metrics: ['accuracy'],
  })
  const frozen = bytes(b.layers.slice(0, -1).flatMap(layer => layer.getWeights()))
  await b.fit(xB, yB, { epochs: 4, validationData: [xValB, yValB], verbose: 0 })
  for (const layer of b.layers.slice(0, -1)) layer.trainable = true
  expect(bytes(b.layers.slice(0, -1).flatMap(layer => layer.getWeights()))).toBe(frozen)

  await b.save(join(folder, 'b.keras'))
  await b.saveWeights(join(folder, 'b.safetensors'))
  const w = b.getWeights()
  b.setWeights(w.map(weight => Array.from(weight.data(), () => 0)).map((zeros, i) => reshaped(zeros, w[i]?.shape)))
  expect(b.getWeights().every(weight => weight.data().every(value => value === 0))).toBe(true)
  b.setWeights(w)
  const again = models.fromJSON(b.toJSON())
  await again.loadWeights(join(folder, 'b.safetensors'))
  expect(bytes(again.getWeights())).toBe(bytes(w))
  expect(Object.keys(await models.readSafetensors(join(folder, 'b.safetensors')))).toHaveLength(w.length)
  const loaded = await models.load(join(folder, 'b.keras'))
  expect((await loaded.predict(xValB)).data()).toEqual((await b.predict(xValB)).data())
})

function reshaped(values: number[], shape: number[] = []) {
  const [first, second] = shape
  if (second === undefined) return values
  return Array.from({ length: first as number }, (_, row) => values.slice(row * second, (row + 1) * second))
}
