// Transfer learning: a network that knows eight classes helps one that is to tell two others apart by 200 images.
//
//   npx tsx examples/transfer-learning.ts --seed 42
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { input, layers, type Model, models, optimizers, random, type Samples, sequential, tensor } from 'glorot'
import { load, range, select } from './data.js'

/** Sandals and shirts of Fashion-MNIST. */
const [SANDAL, SHIRT] = [5, 6]

/** Task A: the other classes, numbered from 0 to 7. Task B: is it a shirt? */
function split(samples: Samples): { a: Samples; b: Samples } {
  const labels = [...samples.y.data()]
  const isB = (label: number) => label === SANDAL || label === SHIRT
  const rows = (wanted: boolean) => labels.flatMap((label, row) => (isB(label) === wanted ? [row] : []))
  const [a, b] = [select(samples, rows(false)), select(samples, rows(true))]
  return {
    a: { x: a.x, y: tensor(Uint8Array.from(a.y.data(), label => (label > SHIRT ? label - 2 : label))) },
    b: { x: b.x, y: tensor(Float32Array.from(b.y.data(), label => Number(label === SHIRT))) },
  }
}

const hidden = () => [
  input({ shape: [28, 28] }),
  layers.rescaling({ scale: 1 / 255 }),
  layers.flatten(),
  ...[300, 100, 50, 50, 50].map(units => layers.dense({ units, activation: 'selu' })),
]

const sgd = (learningRate: number) => optimizers.sgd({ learningRate })
const yesOrNo = { loss: 'binaryCrossentropy', metrics: ['accuracy'] } as const
const folder = await mkdtemp(join(tmpdir(), 'glorot-transfer-'))
const percent = (value = Number.NaN) => `${(100 * value).toFixed(2)} %`
const accuracy = async (net: Model, { x, y }: Samples) => percent((await net.evaluate(x, y, { verbose: 0 })).accuracy)

const { values: flags } = parseArgs({ options: { seed: { type: 'string', default: '42' } } })
random.setSeed(Number(flags.seed))
const { train: all, test: tested } = await load()
const held = Math.floor(all.y.size / 12)
const [valid, train, test] = [range(all, 0, held), range(all, held), tested].map(split) as [Tasks, Tasks, Tasks]
type Tasks = ReturnType<typeof split>
const few = range(train.b, 0, 200)
const validationData = [valid.b.x, valid.b.y] as const

console.log('\nModel A: eight classes')
const a = sequential([...hidden(), layers.dense({ units: 8, activation: 'softmax' })])
a.compile({ optimizer: sgd(1e-3), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
await a.fit(train.a.x, train.a.y, { epochs: 20, validationData: [valid.a.x, valid.a.y] })
await a.save(join(folder, 'model_A.h5'))

console.log('\nModel B: shirt or sandal, by 200 images alone')
const b = sequential([...hidden(), layers.dense({ units: 1, activation: 'sigmoid' })])
b.compile({ optimizer: sgd(1e-3), ...yesOrNo })
await b.fit(few.x, few.y, { epochs: 20, validationData })

console.log('\nModel B on A: the layers of A are frozen, until the new one has learned something')
const loaded = await models.load(join(folder, 'model_A.h5'))
// A clone, because layers would be shared, and model A trained with them.
const reused = models.clone(loaded, { weights: true }).layers.slice(0, -1)
const onA = sequential([...reused, layers.dense({ units: 1, activation: 'sigmoid' })])
for (const layer of reused) layer.trainable = false
onA.compile({ optimizer: 'sgd', ...yesOrNo })
await onA.fit(few.x, few.y, { epochs: 4, validationData })

console.log('\nand then trained with it')
for (const layer of reused) layer.trainable = true
onA.compile({ optimizer: sgd(1e-4), ...yesOrNo })
await onA.fit(few.x, few.y, { epochs: 16, validationData })

console.log(`
test accuracy
  A, eight classes   ${await accuracy(a, test.a)}
  A, loaded          ${await accuracy(loaded, test.a)}
  B alone            ${await accuracy(b, test.b)}
  B on A             ${await accuracy(onA, test.b)}`)
await rm(folder, { recursive: true })
