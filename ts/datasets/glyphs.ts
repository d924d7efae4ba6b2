import { native } from '../native.js'
import { Tensor } from '../tensor.js'
import type { Dataset } from './types.js'

export interface GlyphsOptions {
  /** Number of training images, 1 to 1,000,000. Default: 12,000. */
  train?: number
  /** Number of test images, 1 to 1,000,000. Default: 2,000. */
  test?: number
  /** Another seed gives other images, 0 to 4,294,967,295. Default: 58. */
  seed?: number
}

/**
 * Glyphs: generated images of ten shapes (ring, triangle, square, plus, arrow, zigzag, fork, hook, hourglass, ladder),
 * 28x28 gray pixels. It needs no file and no network, is the same on every machine, and is hard enough to be worth a deep
 * network: a linear model stays near 72% accuracy, a network with layers of 300 and 100 units passes 90%.
 *
 * @returns `x` `[n, 28, 28]` and `y` `[n]`, both uint8.
 */
export async function glyphs(options: GlyphsOptions = {}): Promise<Dataset> {
  const train = whole('train', options.train ?? 12_000, 1, 1_000_000)
  const test = whole('test', options.test ?? 2_000, 1, 1_000_000)
  const seed = whole('seed', options.seed ?? 58, 0, 2 ** 32 - 1)
  const [trainX, trainY, testX, testY] = await native.glyphs(seed, train, test)
  return {
    train: { x: new Tensor(trainX), y: new Tensor(trainY) },
    test: { x: new Tensor(testX), y: new Tensor(testY) },
  }
}

function whole(name: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value
  throw new RangeError(`glyphs: ${name}: expected a whole number from ${low} to ${high}, received ${value}`)
}
