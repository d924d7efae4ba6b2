// Opens files in a process of its own. Arguments: how, and paths. Says of each what came out, and at the end what memory the
// process has taken.
import { datasets, input, layers, models, sequential, type Tensor, tensor } from '../../ts/index.js'

const open: Record<string, (path: string) => Promise<unknown>> = {
  load: async path => {
    const net = await models.load(path)
    // It must be sound, too.
    const shapes = net.built ? net.inputs.map(({ shape }) => shape.map(dim => dim ?? 1)) : []
    const fits = shapes.length > 0 && shapes.every(shape => size(shape) < 1e6)
    return fits && [await net.predict(shapes.map(zeros))].flat().map(output => output.shape)
  },
  loadWeights: async path => {
    const net = sequential([input({ shape: [3] }), layers.dense({ units: 2, name: 'dense' })])
    return net.loadWeights(path)
  },
  safetensors: async path => describe(Object.values(await models.readSafetensors(path))),
  idx: async path => describe([await datasets.readIdx(path)]),
  cifar10: async path => describe(Object.values(await datasets.readCifar10(path))),
}

const size = (shape: readonly number[]) => shape.reduce((product, dim) => product * dim, 1)
const zeros = (shape: number[]) => tensor(new Float32Array(size(shape)), shape)
const describe = (tensors: Tensor[]) => tensors.map(({ dtype, shape }) => `${dtype} [${shape}]`)

const [how, ...paths] = process.argv.slice(2)
const warnings: string[] = []
process.on('warning', warning => warnings.push(warning.message))
for (const path of paths) {
  const begin = performance.now()
  let result: object
  try {
    result = { opened: await (open[how as string] as (path: string) => Promise<unknown>)(path) }
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    result = { error: message, code }
  }
  process.stdout.write(`${JSON.stringify({ ...result, ms: Math.round(performance.now() - begin) })}\n`)
}
// KiB.
process.stdout.write(`${JSON.stringify({ peak: process.resourceUsage().maxRSS, warnings })}\n`)
