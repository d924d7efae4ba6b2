// Keras loads what is written here, predicts the same, and goes on with the training. It runs where Python has Keras: see
// CONTRIBUTING.md.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { models, type Tensor } from 'glorot'
import { afterAll, expect, test } from 'vitest'
import { everything } from './models.js'
import { python, pythonWithKeras } from './python.js'

const script = fileURLToPath(new URL('keras_loads.py', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'glorot-keras-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Steps before the model is saved; the others are compared. */
const STEPS = 4

test.skipIf(!pythonWithKeras())(
  'Keras loads .keras, .h5 and .weights.h5, and trains on',
  async () => {
    const manifest: Record<string, { inputs: number; outputs: number; losses: number[] }> = {}
    for (const [name, { model, x, y }] of Object.entries(await everything())) {
      const tensors: Record<string, Tensor> = {}
      const step = async (i: number) => {
        const { loss } = await model.trainOnBatch(x[i] as Tensor[], y?.[i] as Tensor[])
        return loss as number
      }
      if (y) for (let i = 0; i < STEPS; i++) await step(i)
      for (const ending of ['.keras', '.h5']) await model.save(join(folder, name + ending))
      await model.saveWeights(join(folder, `${name}.weights.h5`))
      const predictions = [await model.predict(x[0] as Tensor[])].flat() as Tensor[]
      for (const [i, prediction] of predictions.entries()) tensors[`prediction.${i}`] = prediction
      for (const [k, batch] of x.entries()) for (const [i, value] of batch.entries()) tensors[`x.${k}.${i}`] = value
      for (const [k, batch] of (y ?? []).entries()) {
        for (const [i, value] of batch.entries()) tensors[`y.${k}.${i}`] = value
      }
      const losses = []
      if (y) for (let i = STEPS; i < y.length; i++) losses.push(await step(i))
      manifest[name] = { inputs: (x[0] as Tensor[]).length, outputs: predictions.length, losses }
      await models.writeSafetensors(join(folder, `${name}.safetensors`), tensors)
    }
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
    expect(await python(script, folder, String(STEPS))).toEqual({})
  },
  600_000,
)
