import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { devices, input, layers, random, sequential, tensor } from 'glorot'
import { describe, expect, test } from 'vitest'

const all = await devices()
const cuda = all.find(device => device.id.startsWith('cuda'))
const without = describe.skipIf(cuda?.available)

const small = () => sequential([input({ shape: [2] }), layers.dense({ units: 1 })])

/** What a program prints as JSON, in a process with its own environment. */
async function inProcess(code: string, env: Record<string, string>) {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const source = `import { devices, input, layers, sequential } from './ts/index.ts'\n${code}`
  const args = ['--import', 'tsx', '--input-type=module', '-e', source]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env: { ...process.env, ...env } })
  return JSON.parse(stdout)
}

test('the CPU comes first and CUDA is always spoken of', () => {
  expect(all[0].id).toBe('cpu')
  expect(all[0].available).toBe(true)
  expect(all[0].description).toMatch(/thread/)
  const names = cuda?.libraries?.map(library => library.name)
  expect(names).toEqual(["NVIDIA's driver", 'NVRTC', 'cuBLAS', 'cuDNN', 'NCCL'])
  for (const library of cuda?.libraries ?? []) {
    expect(library.path === undefined).toBe(library.reason !== undefined)
  }
})

test('the precision and the limit of memory are checked', () => {
  const compile = (options: object) => () => small().compile({ optimizer: 'sgd', loss: 'mse', ...options })
  expect(compile({ precision: 'float64' })).toThrow(
    "unknown precision 'float64'; expected one of 'float32', 'tf32', 'bfloat16', 'float16'",
  )
  expect(compile({ precision: 'mixedFloat16', device: 'cpu' })).toThrow(
    "precision 'float16' needs device 'cuda'; this model runs on 'cpu', which computes in 'float32' or 'bfloat16'",
  )
  for (const precision of ['mixedBfloat16', 'tf32']) expect(compile({ precision, device: 'cpu' })).not.toThrow()
  expect(compile({ memoryLimit: -1 })).toThrow(/'memoryLimit'.* whole number of at least 1.*received -1/)
  expect(compile({ memoryLimit: 1.5 })).toThrow('received 1.5')
  expect(compile({ precision: 'float32', memoryLimit: 1 << 30, device: 'cpu' })).not.toThrow()
})

test('products in bfloat16 are a little less exact', async () => {
  const x = tensor(
    Float32Array.from({ length: 256 * 40 }, (_, i) => Math.sin(i * i)),
    [256, 40],
  )
  const y = tensor(
    Float32Array.from({ length: 256 }, (_, i) => Math.sin(i * i * 1600)),
    [256, 1],
  )
  const train = async (precision: 'float32' | 'mixedBfloat16', threads: number) => {
    random.setSeed(4)
    const dense = (units: number) => layers.dense({ units, activation: 'tanh' })
    const net = sequential([input({ shape: [40] }), dense(96), dense(96), layers.dense({ units: 1 })])
    net.compile({ optimizer: 'adam', loss: 'mse', device: 'cpu', precision, threads })
    const { history } = await net.fit(x, y, { epochs: 10, batchSize: 64, verbose: 0 })
    return history.loss as number[]
  }
  const [exact, rounded] = [await train('float32', 1), await train('mixedBfloat16', 1)]
  rounded.forEach((loss, epoch) => {
    expect(Math.abs(loss / Number(exact[epoch]) - 1), `epoch ${epoch}`).toBeLessThan(0.02)
  })
  // Where the processor has no instructions for it, nothing is rounded.
  const differs = rounded.some((loss, epoch) => loss !== exact[epoch])
  expect(differs).toBe(all[0]?.description?.includes('AVX512-BF16'))
  expect(await train('mixedBfloat16', 2)).toEqual(rounded)
})

test('devices that share batches train as one', async () => {
  const train = async (device: string) => {
    random.setSeed(4)
    const net = sequential([
      input({ shape: [2] }),
      layers.dense({ units: 3, activation: 'tanh' }),
      layers.dense({ units: 1 }),
    ])
    net.compile({ optimizer: 'nadam', loss: 'mse', metrics: ['mae'], device })
    const values = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i))
    const y = tensor(
      Float32Array.from({ length: 30 }, (_, i) => Math.cos(i)),
      [30, 1],
    )
    const { history } = await net.fit(tensor(values, [30, 2]), y, {
      epochs: 3,
      batchSize: 8,
      validationSplit: 0.2,
      verbose: 0,
    })
    return { device: net.device, history }
  }
  const [one, two] = [await train('cpu'), await train('cpu, cpu')]
  expect(two.device).toBe('cpu,cpu')
  for (const [name, values] of Object.entries(one.history)) {
    values?.forEach((value, epoch) => {
      expect(two.history[name]?.[epoch], `${name} of epoch ${epoch}`).toBeCloseTo(value, 5)
    })
  }
  const mixed = () => small().compile({ optimizer: 'sgd', loss: 'mse', device: 'cpu,cuda' })
  expect(mixed).toThrow('GPUs and the CPU cannot share batches; name one kind')
})

without('on a machine without CUDA', () => {
  test('what is missing is said with the places that were looked in', () => {
    expect(cuda?.id).toBe('cuda')
    expect(cuda?.available).toBe(false)
    expect(cuda?.reason).toMatch(/driver/)
    expect(cuda?.libraries?.[0]?.looked).toContain('libcuda.so.1')
    expect(cuda?.libraries?.[0]?.required).toBe(true)
  })

  test('auto takes the CPU, and asking for CUDA is an error that says why', async () => {
    const net = small()
    net.compile({ optimizer: 'sgd', loss: 'mse', device: 'auto' })
    expect(net.device).toBe('cpu')
    await net.fit(tensor([1, 2, 3, 4], [2, 2]), tensor([1, 2], [2, 1]), { verbose: 0 })
    expect(net.deviceReport).toBeUndefined()
    for (const device of ['cuda', 'cuda:1']) {
      let error: { code?: string; message?: string } = {}
      try {
        small().compile({ optimizer: 'sgd', loss: 'mse', device })
      } catch (thrown) {
        error = thrown as typeof error
      }
      expect(error.code).toBe('GLOROT_DEVICE')
      expect(error.message).toMatch(/^device 'cuda' is not available: .*driver/)
    }
    expect(() => small().compile({ optimizer: 'sgd', loss: 'mse', device: 'cuda:x' })).toThrow(
      "there is no device 'cuda:x'; available: 'cpu' ('auto' takes the best)",
    )
  })

  test('GLOROT_DEVICE chooses what auto is', async () => {
    const code = `
      const net = sequential([input({ shape: [2] }), layers.dense({ units: 1 })])
      let message = ''
      try { net.compile({ optimizer: 'sgd', loss: 'mse' }) } catch (error) { message = error.message }
      console.log(JSON.stringify({ device: net.device, message }))`
    const forced = await inProcess(code, { GLOROT_DEVICE: 'cuda' })
    expect(forced.device).toBeUndefined()
    expect(forced.message).toMatch(/^device 'cuda' is not available/)
    expect(await inProcess(code, { GLOROT_DEVICE: 'cpu' })).toEqual({ device: 'cpu', message: '' })
  })

  test('the folder that GLOROT_CUDA_PATH names is looked in first, and what is no library is told', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'glorot-cuda-'))
    writeFileSync(join(folder, 'libnvrtc.so.13'), 'not a library')
    const found = await inProcess('console.log(JSON.stringify(await devices()))', { GLOROT_CUDA_PATH: folder })
    const nvrtc = found.at(-1).libraries.find((library: { name: string }) => library.name === 'NVRTC')
    expect(nvrtc.looked[0]).toBe(join(folder, 'libnvrtc.so.13'))
    const said = nvrtc.reason ?? nvrtc.path
    expect(said).toMatch(nvrtc.reason ? /could not be opened: .*libnvrtc\.so\.13/ : /libnvrtc/)
  })
})
