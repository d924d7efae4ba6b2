/**
 * Random numbers, and the seed of everything random that has none of its own: initial weights, dropout, shuffling.
 *
 * In the `call` of a layer, and in a function under `grad`, the numbers belong to the program that is traced: new ones come in each
 * step, and there are no values to look at before it runs. Elsewhere they are a tensor.
 *
 * @module random
 */
import { configError, shapeError, shown } from './errors.js'
import { native } from './native.js'
import { expandDims } from './ops/arrangement.js'
import { optionsOf, sizeOf, wholeNumbers } from './ops/checks.js'
import { add, cast, div, floor, greaterEqual, log, maximum, minimum, mul, neg, where } from './ops/elementwise.js'
import { erfinv } from './ops/math.js'
import { argMax } from './ops/reduce.js'
import { fromNative, type Operand, type Result, shapeOf } from './ops/run.js'
import type { Tensor } from './tensor.js'
import type { Shape } from './types.js'

/**
 * Makes all later random numbers of this thread a function of the seed, so that a run can be repeated bit for bit, with
 * any number of threads. Without it the seed comes from the system.
 *
 * @param seed A whole number from 0 to 2⁵³ - 1.
 */
export function setSeed(seed: number): void {
  checkSeed(seed)
  native.setSeed(seed)
}

/** What random numbers follow from. */
export interface SeedOptions {
  /**
   * Makes the numbers independent of the model's seed and of {@link setSeed}: outside of a program the same ones at each call; in it
   * they follow from this seed, the place of the call in the program, and the step.
   */
  seed?: number | null
}

/** Options of {@link normal} and {@link truncatedNormal}. */
export interface NormalOptions extends SeedOptions {
  /** Default: 0. */
  mean?: number
  /** Standard deviation, of {@link truncatedNormal} that before it is cut. Default: 1. */
  stddev?: number
}

/** Options of {@link uniform}. */
export interface UniformOptions extends SeedOptions {
  /** Default: 0. */
  minval?: number
  /** Default: 1. */
  maxval?: number
}

/**
 * Normally distributed numbers, float32.
 *
 * @example
 * class Noise extends layers.Layer {
 *   override call(x: SymbolicTensor, { training }: layers.CallContext) {
 *     return training ? ops.add(x, random.normal(x.shape, { stddev: 0.1 })) : x
 *   }
 * }
 */
export function normal(shape: Shape, options: NormalOptions = {}): Tensor {
  const { mean, stddev, seed } = normalOptions('normal', options)
  return add(mul(draw('normal', true, shape, seed), stddev), mean)
}

/** Normally distributed numbers, float32, of which those more than two standard deviations from the mean are drawn anew. */
export function truncatedNormal(shape: Shape, options: NormalOptions = {}): Tensor {
  const { mean, stddev, seed } = normalOptions('truncatedNormal', options)
  // erf(2 / √2): that part lies within two standard deviations.
  const within = 0.954499736103642
  const uniform = draw('truncatedNormal', false, shape, seed)
  const standard = mul(erfinv(mul(add(mul(uniform, 2), -1), within)), Math.SQRT2)
  return add(mul(maximum(minimum(standard, 2), -2), stddev), mean)
}

/** Numbers of which each from `minval` (default: 0) to less than `maxval` (default: 1), up to rounding, is as likely, float32. */
export function uniform(shape: Shape, options: UniformOptions = {}): Tensor {
  const { minval = 0, maxval = 1, seed } = numbersOf('uniform', options, 'minval', 'maxval')
  return add(mul(draw('uniform', false, shape, seed), maxval - minval), minval)
}

/** Whole numbers from `minval` on that are less than `maxval`, int32. There may be 2²⁴ different ones. */
export function randint(shape: Shape, minval: number, maxval: number, options: SeedOptions = {}): Tensor {
  const { seed } = numbersOf('randint', options)
  const most = 2 ** 24
  const areInt32 = [minval, maxval - 1].every(bound => Number.isInteger(bound) && Math.abs(bound + 0.5) < 2 ** 31)
  if (!areInt32 || maxval <= minval || maxval - minval > most) {
    throw configError(
      `randint: expected two whole numbers of int32, the second greater by ${most} at most; received ${shown([minval, maxval])}`,
    )
  }
  const numbers = floor(mul(draw('randint', false, shape, seed), maxval - minval))
  return add(cast(minimum(numbers, maxval - minval - 1), 'int32'), minval)
}

/** Sets a part of the elements to 0 and divides the others by what is left, so that their mean stays. */
export function dropout<A extends Operand>(x: A, rate: number, options: SeedOptions = {}): Result<A> {
  const { seed } = numbersOf('dropout', options)
  if (!(rate >= 0 && rate < 1))
    throw configError(`dropout: the rate must be from 0 to less than 1; received ${shown(rate)}`)
  const kept = greaterEqual(draw('dropout', false, shapeOf(x), seed), rate)
  return where(kept, div(x as Tensor, 1 - rate), 0) as Result<A>
}

/** `[batch, numSamples]`, int32: classes, drawn by the probabilities whose logarithms, up to a constant, are `logits [batch, classes]`. */
export function categorical<A extends Operand>(logits: A, numSamples: number, options: SeedOptions = {}): Result<A> {
  const { seed } = numbersOf('categorical', options)
  const [batch, classes, ...more] = shapeOf(logits)
  if (batch === undefined || classes === undefined || more.length > 0) {
    throw shapeError(`categorical: expected logits of shape [batch, classes]; received [${shapeOf(logits).join(', ')}]`)
  }
  const [samples] = wholeNumbers('categorical', 'the number of samples', [numSamples], 0) as [number]
  // The largest of the logits with Gumbel's noise (Maddison et al., 2014).
  const numbers = maximum(draw('categorical', false, [batch, samples, classes], seed), 1e-30)
  const noise = neg(log(maximum(neg(log(numbers)), 1e-30)))
  return argMax(add(expandDims(logits as Tensor, 1), noise), -1) as Result<A>
}

function normalOptions(op: string, options: NormalOptions) {
  const { mean = 0, stddev = 1, seed } = numbersOf(op, options, 'mean', 'stddev')
  if (stddev < 0) throw configError(`${op}: option 'stddev' must be at least 0; received ${stddev}`)
  return { mean, stddev, seed }
}

/** Options that are finite numbers, and the seed, which is checked where it is used. */
function numbersOf<K extends string>(op: string, given: unknown, ...known: K[]): Partial<Record<K | 'seed', number>> {
  const fits = (value: unknown, name: string): value is number => name === 'seed' || Number.isFinite(value)
  return optionsOf(op, given, [...known, 'seed'], 'a number', fits)
}

function draw(what: string, isNormal: boolean, shape: Shape, seed: number | null | undefined): Tensor {
  const { lengths } = sizeOf(what, shape)
  if (seed != null) checkSeed(seed)
  // In a trace it is a traced tensor, which ops take as they take a tensor.
  return fromNative(native.randomNumbers(isNormal, lengths, seed)) as Tensor
}

function checkSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw configError(`seed: expected a whole number from 0, received ${shown(seed)}`)
}
