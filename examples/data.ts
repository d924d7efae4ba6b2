import { type Dataset, datasets, type Samples, type Tensor, tensor } from 'glorot'

/** Fashion-MNIST, or generated glyphs where it is neither on this machine nor can be downloaded. */
export async function load(): Promise<Dataset> {
  try {
    const data = await datasets.fashionMnist()
    console.log('Data: Fashion-MNIST, 60,000 training and 10,000 test images')
    return data
  } catch (error) {
    console.log(`${(error as Error).message}\n\nData: generated glyphs instead, 12,000 training and 2,000 test images`)
    return datasets.glyphs()
  }
}

/** The samples with some numbers. */
export function select({ x, y }: Samples, rows: readonly number[]): Samples {
  return { x: pick(x, rows), y: pick(y, rows) }
}

/** The samples from `begin` to `end`, not included. */
export const range = (samples: Samples, begin: number, end = samples.y.size): Samples => ({
  x: samples.x.slice(begin, end - begin),
  y: samples.y.slice(begin, end - begin),
})

function pick(data: Tensor, rows: readonly number[]): Tensor {
  const values = data.data()
  const [, ...shape] = data.shape
  const size = shape.reduce((product, length) => product * length, 1)
  const picked = new (values.constructor as typeof Uint8Array)(rows.length * size)
  for (const [i, row] of rows.entries())
    picked.set(values.subarray(row * size, (row + 1) * size) as Uint8Array, i * size)
  return tensor(picked, [rows.length, ...shape])
}
