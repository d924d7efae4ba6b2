import { type Loss, type LossOptions, loss } from './loss.js'

/** The Kullback-Leibler divergence `sum(t log(t / p))` along the last axis, both clipped to 1e-7 … 1. */
export const klDivergence = (options: LossOptions = {}): Loss => loss({ class_name: 'KLDivergence', config: options })

/** The mean of `yPred - yTrue * log(yPred + 1e-7)` over the last axis: of counts. */
export const poisson = (options: LossOptions = {}): Loss => loss({ class_name: 'Poisson', config: options })
