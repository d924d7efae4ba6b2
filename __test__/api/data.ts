import { input, layers, random, sequential, type Tensor, tensor } from 'glorot'

/** Two classes that a small network tells apart: points inside and outside of a circle. float32 `[n, 2]`, uint8 `[n]`. */
export function circle(n: number): { x: Tensor; y: Tensor } {
  const x = Float32Array.from({ length: 2 * n }, (_, i) => ((i * 7919) % 2003) / 1001.5 - 1)
  const y = Uint8Array.from({ length: n }, (_, i) =>
    Number(Math.hypot(x[2 * i] as number, x[2 * i + 1] as number) < 0.7),
  )
  return { x: tensor(x, [n, 2]), y: tensor(y) }
}

/** A compiled network for {@link circle}. */
export function network({ units = 16, seed = 58, threads }: { units?: number; seed?: number; threads?: number } = {}) {
  random.setSeed(seed)
  const net = sequential([
    input({ shape: [2] }),
    layers.dense({ units, activation: 'elu', kernelInitializer: 'heNormal' }),
    layers.batchNormalization(),
    layers.dropout({ rate: 0.1 }),
    layers.dense({ units: 2, activation: 'softmax' }),
  ])
  net.compile({ optimizer: 'nadam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], threads })
  return net
}

/** The bytes of all weights, as a string to compare. */
export const bytes = (tensors: Tensor[]) =>
  tensors
    .map(weight => weight.data())
    .map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength).toString('base64'))
    .join()

/** What a rejected promise or a throwing function gives. */
export async function failure(run: () => unknown): Promise<Error & { code?: string }> {
  try {
    await run()
  } catch (error) {
    return error as Error
  }
  throw new Error('expected an error')
}
