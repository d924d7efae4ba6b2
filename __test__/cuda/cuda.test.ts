import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { devices } from 'glorot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isPossible, StandIn } from './stand-in.js'

/** What train.script.ts prints. */
interface Trained {
  device: string
  devices: { id: string; available: boolean; versions?: [string, string | null][] }[]
  report?: string
  history: Record<string, number[]>
  scores: Record<string, number>
  predicted: number[]
  one: number[]
}

/** Those to run steps but for `measured`. */
const WAYS = ['graph', 'block', 'cluster8', 'cluster16', 'grid', 'cluster16rows', 'rows']

const hasGpu = (await devices()).some(device => device.id.startsWith('cuda:'))

describe.skipIf(hasGpu || !isPossible)('on a stand-in for a GPU', { timeout: 180_000 }, () => {
  let gpu: StandIn
  let cpu: Trained
  beforeAll(async () => {
    gpu = new StandIn()
    cpu = await gpu.ask<Trained>('train.script.ts', ['cpu'])
  }, 120_000)
  afterAll(() => gpu.remove())

  const close = (got: number[] | undefined, want: number[] | undefined, what: string) => {
    expect(got?.length, what).toBe(want?.length)
    for (const [i, value] of (want ?? []).entries()) expect(got?.[i], `${what}, ${i}`).toBeCloseTo(value, 3)
  }
  const same = (got: Trained, want: Trained) => {
    for (const [name, values] of Object.entries(want.history)) close(got.history[name], values, name)
    close(Object.values(got.scores), Object.values(want.scores), 'evaluation')
    close(got.predicted, want.predicted, 'prediction')
    close(got.one, want.one, 'prediction of one sample')
  }

  test('auto takes it, and a model trains as on the CPU', async () => {
    const trained = await gpu.ask<Trained>('train.script.ts')
    expect(trained.device).toBe('cuda:0')
    expect(trained.devices.map(({ id }) => id)).toEqual(['cpu', 'cuda:0'])
    const versions = [
      ["NVIDIA's driver", '13.0'],
      ['NVRTC', '13.0'],
      ['cuBLAS', '13.0'],
      ['cuDNN', '9.28'],
      ['NCCL', '2.32'],
    ]
    expect(trained.devices[1]?.versions).toEqual(versions)
    expect(trained.report).toMatch(/^cuda:0: .* in use, of which states .*\nprogram 0: arena /)
    same(trained, cpu)
  })

  test.each(WAYS)('steps run by %s', async kind => {
    const rows = kind.endsWith('rows') ? ['4', 'deep'] : []
    const trained = await gpu.ask<Trained>('train.script.ts', ['cuda', ...rows], { GLOROT_CUDA_STEP: kind })
    same(trained, rows.length > 0 ? await gpu.ask<Trained>('train.script.ts', ['cpu', ...rows]) : cpu)
  })

  test('the ways to run steps are measured, also in short epochs', async () => {
    // Steps of the training: 128 before kernels are loaded, then 4 and 32 of each way.
    const trained = await gpu.ask<Trained>('train.script.ts', ['cuda', '240', 'deep'])
    const time = String.raw`\d+\.\d µs`
    const times = WAYS.map(kind => `${kind} ${time}`).join(', ')
    expect(trained.report).toMatch(new RegExp(`; measured: ${times}`))
    same(trained, await gpu.ask<Trained>('train.script.ts', ['cpu', '240', 'deep']))
  })

  test('two share batches', async () => {
    const trained = await gpu.ask<Trained>('train.script.ts', ['cuda:0,cuda:1'], { STAND_IN_GPUS: '2' })
    expect(trained.device).toBe('cuda:0,cuda:1')
    same(trained, await gpu.ask<Trained>('train.script.ts', ['cpu,cpu']))
  })

  test('one that is full says so', async () => {
    const failed = await gpu.run('train.script.ts', ['cuda'], { STAND_IN_MEMORY: '2000' })
    expect(failed.code).toBe(1)
    expect(failed.stderr).toMatch(/GLOROT_DEVICE/)
    expect(failed.stderr).toMatch(/cuda:0: no memory for .*: it needs .*, 2\.0 KiB|take a smaller batch or model/)
  })

  test('a driver that finds none, or fails, is told', async () => {
    for (const [env, message] of [
      [{ STAND_IN_GPUS: '0' }, /device 'cuda' is not available: .*finds no GPU; check nvidia-smi/],
      [{ STAND_IN_FAIL: 'cuInit:1:803' }, /not available: .*different versions; reboot after an update of the driver/],
      [
        { STAND_IN_FAIL: 'cuDevicePrimaryCtxRetain:1:46' },
        /opening a context on the GPU: the GPU is in use by another/,
      ],
    ] as const) {
      const failed = await gpu.run('train.script.ts', ['cuda'], env)
      expect([failed.code, failed.stderr]).toEqual([1, expect.stringMatching(message)])
    }
    const without = await gpu.ask<Trained>('train.script.ts', ['cuda'], { STAND_IN_FAIL: 'cublasLtCreate:1:3' })
    expect(without.report).toMatch(/\ncuBLAS: starting: no memory is left.*; large products do without\n/)
    same(without, cpu)
    const auto = await gpu.ask<Trained>('train.script.ts', ['auto'], { STAND_IN_GPUS: '0' })
    expect(auto.device).toBe('cpu')
    const busy = await gpu.run('train.script.ts', ['auto'], { STAND_IN_FAIL: 'cuDevicePrimaryCtxRetain:1:46' })
    expect(JSON.parse(busy.stdout).device).toBe('cpu')
    expect(busy.stderr).toMatch(/Warning: compile: the model runs on the CPU: .*the GPU is in use by another/)
  })

  /** Functions that a training calls, how often at least, and an error that they give. */
  const calls: [name: string, times: number, code: number][] = [
    ['cuDevicePrimaryCtxRetain', 1, 2],
    ['cuMemGetInfo_v2', 1, 999],
    ['cuMemAlloc_v2', 5, 2],
    ['cuMemHostAlloc', 1, 2],
    ['cuStreamCreate', 2, 2],
    ['cuEventCreate', 2, 2],
    ['cuModuleLoadData', 2, 209],
    ['cuModuleGetFunction', 3, 500],
    ['cuMemcpyHtoDAsync_v2', 6, 700],
    ['cuMemcpyDtoHAsync_v2', 3, 700],
    ['cuMemsetD8Async', 4, 1],
    ['cuLaunchKernel', 12, 719],
    ['cuStreamSynchronize', 5, 719],
    ['cuEventRecord', 3, 400],
    ['cuStreamBeginCapture_v2', 1, 900],
    ['cuStreamEndCapture', 1, 901],
    ['cuGraphInstantiateWithFlags', 1, 2],
    ['cuGraphDestroy', 1, 400],
    ['cuGraphUpload', 1, 2],
    ['cuGraphLaunch', 4, 719],
    ['nvrtcCreateProgram', 1, 1],
    ['nvrtcCompileProgram', 1, 6],
    ['nvrtcGetCUBIN', 1, 4],
  ]
  type Result = {
    loss?: number[]
    sum?: number
    convolutions?: number
    problem?: string
    code?: string
    message?: string
  }
  const failing = (args: string[]) =>
    gpu.ask<{ cpu: Result } & Record<string, { during: Result; after: Result }>>('failures.script.ts', args, {
      GLOROT_CUDA_CACHE: '',
    })
  test('every call of the driver may fail once', async () => {
    const failures = calls.flatMap(([name, times, code]) =>
      [...new Set([1, Math.ceil(times / 2), times])].map(n => `${name}:${n}:${code}`),
    )
    const { cpu: _, ...results } = await failing(['dense', 'float32', ...failures])
    const well = results['cuGraphLaunch:4:719']?.after
    expect(well?.loss).toHaveLength(2)
    let failed = 0
    for (const [failure, { during, after }] of Object.entries(results)) {
      expect(after, `after ${failure}`).toEqual(well)
      if (during.loss) {
        expect(during, failure).toEqual(well)
      } else {
        failed++
        expect([during.code, during.message], failure).toEqual([
          'GLOROT_DEVICE',
          expect.stringMatching(/CUDA|NVRTC|cuda:0/),
        ])
      }
    }
    expect(failed).toBeGreaterThan(25)
  })

  test('convolutions are those of cuDNN, whose calls may fail', async () => {
    const { cpu, ...results } = await failing([
      ...['convolutional', 'float32', 'none', 'cudnnBackendFinalize:9:4000'],
      ...['cudnnBackendExecute:2:5000', 'cudnnSetStream:2:2000'],
    ])
    const near = (got: Result | undefined, what: string) => {
      close(got?.loss, cpu.loss, what)
      expect(got?.sum, what).toBeCloseTo(cpu.sum as number, 3)
    }
    near(results['none']?.during, 'cuDNN')
    for (const [failure, { during, after }] of Object.entries(results)) {
      near(after, `after ${failure}`)
      expect(after.convolutions).toBe(3)
      if (during.loss) near(during, failure)
      else expect([during.code, during.message]).toEqual(['GLOROT_DEVICE', expect.stringMatching(/^cuDNN: /)])
    }
    expect(results['cudnnBackendExecute:2:5000']?.during.loss).toBeUndefined()
  })

  test('cuDNN that does not start is not used', async () => {
    const results = await failing(['convolutional', 'float32', 'cudnnCreate:1:1001'])
    const without = results['cudnnCreate:1:1001']?.during
    expect(without?.convolutions).toBe(0)
    expect(without?.problem).toMatch(
      /^cuDNN: starting: .*pip install nvidia-cudnn-cu13.*; large convolutions do without/,
    )
    close(without?.loss, results.cpu.loss, 'without cuDNN')
  })

  test('cuDNN without cuBLAS is not used', async () => {
    // It would end the process where it needs it.
    const folder = mkdtempSync(join(tmpdir(), 'glorot-no-cublas-'))
    for (const file of readdirSync(gpu.folder).filter(file => file.includes('.so') && !file.includes('cublas'))) {
      symlinkSync(join(gpu.folder, 'libcuda.so.1'), join(folder, file))
    }
    const env = { LD_LIBRARY_PATH: folder, GLOROT_CUDA_PATH: folder }
    const trained = await gpu.ask<Trained>('train.script.ts', ['cuda'], env)
    expect(trained.devices[1]?.versions).toContainEqual(['cuBLAS', null])
    expect(trained.devices[1]?.versions).toContainEqual(['cuDNN', null])
    same(trained, cpu)
    const results = await gpu.ask<Record<string, { during: Result }>>(
      'failures.script.ts',
      ['convolutional', 'float32', 'none'],
      env,
    )
    expect(results['none']?.during.convolutions).toBe(0)
    rmSync(folder, { recursive: true })
  })

  test('convolutions of 16 bits', async () => {
    const { cpu, none } = await failing(['convolutional', 'bfloat16', 'none'])
    expect(none?.during.convolutions).toBe(3)
    for (const [i, loss] of (cpu.loss ?? [0]).entries()) expect(none?.during.loss?.[i]).toBeCloseTo(loss, 1)
    expect(none?.during.loss).not.toEqual(cpu.loss)
  })

  test.each([
    ['end', 0],
    ['exit', 3],
    ['throw', 1],
    ['worker', 0],
  ])('a program ends while kernels are compiled: %s', async (how, code) => {
    const ended = await gpu.run('ending.script.ts', [how])
    expect([ended.code, ended.signal], ended.stderr).toEqual([code, null])
  })
})
