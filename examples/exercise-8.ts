// Training deep networks on CIFAR-10, step by step: 20 hidden layers of 100 units, as they are (a, b), with batch
// normalization (c), self-normalizing (d), with alpha dropout and Monte Carlo dropout (e), by 1cycle (f).
//
//   npx tsx examples/exercise-8.ts                     all parts, one seed
//   npx tsx examples/exercise-8.ts --part c --quick    one part on a tenth of the data, two epochs
//   npx tsx examples/exercise-8.ts --seeds 1,2,3 --log runs.jsonl --tensor-board logs
import { appendFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import {
  callbacks,
  type Dataset,
  datasets,
  input,
  layers,
  optimizers,
  random,
  type Samples,
  schedules,
  sequential,
  type Tensor,
} from 'glorot'

const { values: flags } = parseArgs({
  options: {
    part: { type: 'string', default: 'a,b,c,d,e,f' },
    seeds: { type: 'string', default: '58' },
    quick: { type: 'boolean', default: false },
    log: { type: 'string' }, // one JSON line a run is added to this file
    'tensor-board': { type: 'string' }, // folder of events
  },
})

type Layer = layers.Layer

interface Recipe {
  part: string
  title: string
  hidden(x: Tensor): Layer[] | Promise<Layer[]>
  optimizer(stepsPerEpoch: number): ReturnType<typeof optimizers.sgd>
  epochs: number
  /** Early stopping; 0: never. */
  patience: number
  /** Whether early stopping brings back the weights of the best epoch. */
  restoreBestWeights?: boolean
  batchSize?: number
  /** The highest learning rate of the cycle. */
  oneCycle?: number
  /** How many predictions with dropout are averaged at the end. */
  draws?: number
}

const scaled = () => [layers.rescaling({ scale: 1 / 255 }), layers.flatten()]
const times20 = (layer: () => Layer | Layer[]) => Array.from({ length: 20 }, layer).flat()

const elu = () => times20(() => layers.dense({ units: 100, activation: 'elu', kernelInitializer: 'heNormal' }))

const normalized = () =>
  times20(() => [
    layers.dense({ units: 100, kernelInitializer: 'heNormal' }),
    layers.batchNormalization(),
    layers.activation('elu'),
  ])

/** What self-normalization asks for: standardized inputs, LeCun's initialization, SELU, dense layers in sequence. */
async function selu(x: Tensor): Promise<Layer[]> {
  const standardized = layers.normalization({ axis: [1, 2, 3] })
  await standardized.adapt(x)
  const dense = () => layers.dense({ units: 100, activation: 'selu', kernelInitializer: 'lecunNormal' })
  return [standardized, layers.flatten(), ...times20(dense)]
}
const seluWithDropout = async (x: Tensor) => [...(await selu(x)), layers.alphaDropout({ rate: 0.1 })]

/** The first setting of the exercise: no tuning, raw pixels. */
const untuned = { optimizer: () => optimizers.adam({ learningRate: 3e-5 }), epochs: 50, patience: 5 }
const tuned = (learningRate: number) => ({
  optimizer: () => optimizers.nadam({ learningRate }),
  epochs: 100,
  patience: 20,
  restoreBestWeights: true,
})

const recipes: Recipe[] = [
  { part: 'a', title: 'ELU, Adam 3e-5, raw pixels', hidden: () => [layers.flatten(), ...elu()], ...untuned },
  { part: 'b', title: 'ELU, Nadam 5e-5', hidden: () => [...scaled(), ...elu()], ...tuned(5e-5) },
  {
    part: 'c',
    title: 'batch normalization, Adam 3e-5, raw pixels',
    hidden: () => [layers.flatten(), layers.batchNormalization(), ...normalized()],
    ...untuned,
  },
  {
    part: 'c',
    title: 'batch normalization, Nadam 1e-3 with cosine decay, batch 64',
    hidden: () => [layers.flatten(), layers.batchNormalization(), ...normalized()],
    optimizer: stepsPerEpoch => {
      const decay = { initialLearningRate: 1e-3, decaySteps: 20 * stepsPerEpoch }
      return optimizers.nadam({ learningRate: schedules.cosineDecay(decay) })
    },
    epochs: 20,
    patience: 0,
    batchSize: 64,
  },
  { part: 'd', title: 'SELU, Nadam 7e-4', hidden: selu, ...tuned(7e-4) },
  { part: 'e', title: 'SELU, alpha dropout, Nadam 5e-4', hidden: seluWithDropout, ...tuned(5e-4), draws: 100 },
  {
    part: 'f',
    title: 'SELU, alpha dropout, SGD by 1cycle up to 0.05',
    hidden: seluWithDropout,
    optimizer: () => optimizers.sgd({ learningRate: 1e-2 }),
    epochs: 15,
    patience: 0,
    batchSize: 128,
    oneCycle: 0.05,
  },
]

interface Split {
  train: Samples
  validation: Samples
  test: Samples
}

/** The last tenth of the training images validates. */
function split({ train, test }: Dataset): Split {
  const part = ({ x, y }: Samples, begin: number, size: number) => ({
    x: x.slice(begin, size),
    y: y.slice(begin, size),
  })
  const [count, held] = [train.y.size, Math.floor(train.y.size / 10)]
  return flags.quick
    ? { train: part(train, 0, held), validation: part(train, count - held, held / 5), test: part(test, 0, 1000) }
    : { train: part(train, 0, count - held), validation: part(train, count - held, held), test }
}

interface Result {
  part: string
  title: string
  seed: number
  epochs: number
  secondsPerEpoch: number
  validation: number
  test: number
}

async function run(recipe: Recipe, seed: number, { train, validation, test }: Split): Promise<Result[]> {
  const { part, title, patience, restoreBestWeights, batchSize = 32, oneCycle, draws } = recipe
  console.log(`\n${part}: ${title} (seed ${seed})`)
  random.setSeed(seed)
  const net = sequential([
    input({ shape: train.x.shape.slice(1) }),
    ...(await recipe.hidden(train.x)),
    layers.dense({ units: 10, activation: 'softmax' }),
  ])
  const optimizer = recipe.optimizer(Math.ceil(train.y.size / batchSize))
  net.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  const begin = performance.now()
  const { epoch } = await net.fit(train.x, train.y, {
    epochs: flags.quick ? 2 : recipe.epochs,
    batchSize,
    validationData: [validation.x, validation.y],
    callbacks: [
      ...(patience ? [callbacks.earlyStopping({ patience, restoreBestWeights: restoreBestWeights ?? false })] : []),
      ...(oneCycle ? [callbacks.oneCycle({ maxLearningRate: oneCycle })] : []),
      ...(flags['tensor-board']
        ? [callbacks.tensorBoard({ logDir: `${flags['tensor-board']}/${part}-${title}-${seed}` })]
        : []),
    ],
  })
  const secondsPerEpoch = (performance.now() - begin) / 1000 / epoch.length
  const score = async ({ x, y }: Samples) => (await net.evaluate(x, y, { verbose: 0 })).accuracy as number
  const common = { part, seed, epochs: epoch.length, secondsPerEpoch }
  const results = [{ ...common, title, validation: await score(validation), test: await score(test) }]
  if (draws) {
    const mean = async ({ x, y }: Samples) =>
      share((await net.predictSamples(x, { samples: draws })).moments(0).mean, y)
    const title = `the same network, mean of ${draws} predictions with dropout`
    results.push({ ...common, title, validation: await mean(validation), test: await mean(test) })
  }
  for (const result of results) console.log(`${result.title}: test accuracy ${percent(result.test)}`)
  return results
}

/** The share of the samples whose most probable class is right. */
function share(probabilities: Tensor, y: Tensor): number {
  const [values, labels, classes] = [probabilities.data(), y.data(), probabilities.shape.at(-1) as number]
  let right = 0
  for (let i = 0; i < labels.length; i++) {
    const row = values.subarray(i * classes, (i + 1) * classes) as Float32Array
    if (row.indexOf(Math.max(...row)) === labels[i]) right++
  }
  return right / labels.length
}

const percent = (value: number) => `${(100 * value).toFixed(1)} %`

/** `mean ± standard deviation`, or the value of the only seed. */
function spread(values: number[], show: (value: number) => string): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  if (values.length === 1) return show(mean)
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return `${show(mean)} ± ${show(Math.sqrt(variance))}`
}

function table(results: Result[]): string {
  const titles = new Set(results.map(({ title }) => title))
  const groups = [...titles].map(title => results.filter(result => result.title === title))
  const rows = groups.map(runs => [
    `${runs[0]?.part} | ${runs[0]?.title}`,
    spread(
      runs.map(({ test }) => test),
      percent,
    ),
    spread(
      runs.map(({ validation }) => validation),
      percent,
    ),
    spread(
      runs.map(({ epochs }) => epochs),
      value => value.toFixed(0),
    ),
    spread(
      runs.map(({ secondsPerEpoch }) => secondsPerEpoch),
      value => value.toFixed(2),
    ),
  ])
  const header = ['part | network', 'test accuracy', 'validation', 'epochs', 'seconds an epoch']
  const rule = ['--- | ---', ...header.slice(1).map(() => '---:')]
  return [header, rule, ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

const parts = flags.part.split(',')
const chosen = recipes.filter(({ part }) => parts.includes(part))
const seeds = flags.seeds.split(',').map(Number)
if (chosen.length === 0 || seeds.some(seed => !Number.isInteger(seed))) {
  console.error(`--part: letters from a to f; --seeds: whole numbers; received '${flags.part}' and '${flags.seeds}'`)
  process.exit(1)
}

const data = split(await datasets.cifar10())
const results: Result[] = []
for (const seed of seeds) {
  for (const recipe of chosen) {
    const found = await run(recipe, seed, data)
    results.push(...found)
    if (flags.log) appendFileSync(flags.log, found.map(result => `${JSON.stringify(result)}\n`).join(''))
  }
}
console.log(`\n${table(results)}`)
