import { type Loss, type LossOptions, loss } from './loss.js'

/** Options of {@link dice}. */
export interface DiceOptions extends LossOptions {
  /** Along which axes overlaps are summed; `[1, 2, 3]`: one loss an image. Default: all, one number for the batch. */
  axis?: number | readonly number[] | null
}

/** Options of {@link tversky}. */
export interface TverskyOptions extends DiceOptions {
  /** How much it costs to miss what is there. Default: 0.5. */
  alpha?: number
  /** How much it costs to find what is not there. Default: 0.5. */
  beta?: number
}

/**
 * `1 - 2 sum(t p) / (sum(t) + sum(p) + 1e-7)`: how little two regions overlap, of targets `t` 0 or 1 and probabilities `p`
 * of one shape (Milletari et al., 2016).
 */
export const dice = (options: DiceOptions = {}): Loss => loss({ class_name: 'Dice', config: options })

/**
 * `1 - s / (s + alpha sum((1 - p) t) + beta sum(p (1 - t)) + 1e-7)` with `s = sum(t p)`: {@link dice} where the two ways to
 * be wrong weigh differently (Salehi et al., 2017). This is how Keras computes it; its documentation has `alpha` and `beta`
 * the other way round.
 */
export const tversky = (options: TverskyOptions = {}): Loss => loss({ class_name: 'Tversky', config: options })
