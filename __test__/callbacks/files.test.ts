import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callbacks, type Logs, type Model } from 'glorot'
import { afterAll, expect, test } from 'vitest'
import { circle, failure, network } from '../api/data.js'

const folder = mkdtempSync(join(tmpdir(), 'glorot-callbacks-'))
afterAll(() => rmSync(folder, { recursive: true }))
const { x, y } = circle(64)
const rows = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n')

test('a table of the epochs', async () => {
  const file = join(folder, 'new', 'log.csv')
  const net = network()
  const seen: number[] = []
  class Look extends callbacks.Callback {
    override onEpochEnd() {
      seen.push(rows(file).length)
    }
  }
  const list = [callbacks.csvLogger(file), new Look()]
  const { history } = await net.fit(x, y, { epochs: 2, validationData: [x, y], callbacks: list, verbose: 0 })
  expect(seen).toEqual([2, 3])
  const [header, ...values] = rows(file)
  expect(header).toBe('epoch,accuracy,loss,val_accuracy,val_loss')
  for (const [epoch, row] of values.entries()) {
    const { accuracy, loss, valAccuracy, valLoss } = history
    expect(row.split(',').map(Number)).toEqual([epoch, ...[accuracy, loss, valAccuracy, valLoss].map(v => v?.[epoch])])
  }
  await net.fit(x, y, {
    epochs: 4,
    initialEpoch: 2,
    callbacks: [callbacks.csvLogger({ filename: file, append: true })],
    verbose: 0,
  })
  expect(rows(file)).toHaveLength(5)
  expect(rows(file)[4]).toMatch(/^3,[\d.]+,[\d.]+,NA,NA$/)
})

test('another separator, and validation that comes later', async () => {
  const file = join(folder, 'log.tsv')
  const logger = callbacks.csvLogger(file, { separator: '\t' })
  const options = { epochs: 2, validationFreq: 2, validationSplit: 0.5, callbacks: [logger], verbose: 0 } as const
  await network().fit(x, y, options)
  const [header, first, second] = rows(file).map(row => row.split('\t'))
  expect(header).toEqual(['epoch', 'accuracy', 'loss', 'val_accuracy', 'val_loss'])
  expect(first?.slice(3)).toEqual(['NA', 'NA'])
  expect(Number(second?.[4])).toBeGreaterThan(0)
})

/** Enough of a model to be saved. */
function stub() {
  const saved: string[] = []
  const model = {
    stopTraining: false,
    save: async (path: string) => {
      saved.push(`model ${path}`)
      writeFileSync(path, '')
    },
    saveWeights: (path: string) => saved.push(`weights ${path}`),
  }
  return { model: model as unknown as Model, saved }
}

async function checkpoint(options: callbacks.ModelCheckpointOptions, epochs: Logs[]) {
  const { model, saved } = stub()
  const callback = callbacks.modelCheckpoint({ ...options, path: join(folder, options.path) })
  callback.model = model
  await callback.onTrainBegin()
  for (const [epoch, logs] of epochs.entries()) {
    callback.onEpochBegin(epoch)
    for (let batch = 0; batch < 5; batch++) await callback.onTrainBatchEnd(batch, logs)
    await callback.onEpochEnd(epoch, logs)
  }
  return saved.map(entry => entry.replace(`${folder}/`, ''))
}

const losses = [0.5, 0.7, 0.25, 0.3].map(valLoss => ({ valLoss, loss: 1 }))

test('a model is saved at each epoch', async () => {
  const saved = await checkpoint({ path: 'deep/{epoch:02d}-{val_loss:.2f}-{loss}.keras' }, losses)
  expect(saved).toEqual([
    'model deep/01-0.50-1.keras',
    'model deep/02-0.70-1.keras',
    'model deep/03-0.25-1.keras',
    'model deep/04-0.30-1.keras',
  ])
  expect(readdirSync(join(folder, 'deep'))).toHaveLength(4)
})

test('only the best model is saved', async () => {
  const path = '{epoch}.keras'
  expect(await checkpoint({ path, saveBestOnly: true }, losses)).toEqual(['model 1.keras', 'model 3.keras'])
  expect(await checkpoint({ path, saveBestOnly: true, initialValueThreshold: 0.4 }, losses)).toEqual(['model 3.keras'])
  expect(await checkpoint({ path, saveBestOnly: true, mode: 'max' }, losses)).toEqual([
    'model 1.keras',
    'model 2.keras',
  ])
})

test('every so many steps, weights alone', async () => {
  const options = { path: '{epoch}-{batch}.safetensors', saveWeightsOnly: true, saveFreq: 4 }
  // The steps count over the epochs: 4, 8, 12, ….
  expect(await checkpoint(options, losses)).toEqual(
    ['1-4', '2-3', '3-2', '4-1', '4-5'].map(name => `weights ${name}.safetensors`),
  )
})

test('a name that the logs do not have', async () => {
  const error = await failure(() => checkpoint({ path: '{valFoo}.keras' }, losses))
  expect(error.message).toMatch(/'path' has {valFoo}, but there is only: valLoss, loss, epoch/)
})
