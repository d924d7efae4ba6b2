import { Optimizer, type OptimizerOptions } from './optimizer.js'

/** Options of {@link muon}. */
export interface MuonOptions extends OptimizerOptions {
  /** Decay of the momentum of matrices. Default: 0.95. */
  momentum?: number
  /** Default: `true`. */
  nesterov?: boolean
  /** Iterations that make the momentum orthogonal. Default: 5. */
  nsSteps?: number
  /** Coefficient of the iteration. Default: 3.4445. */
  muonA?: number
  /** Coefficient of the iteration. Default: -4.775. */
  muonB?: number
  /** Coefficient of the iteration. Default: 2.0315. */
  muonC?: number
  /** Root mean square of a step of rate 1; `null`: steps are not scaled by the shape of the matrix. Default: 0.2. */
  rmsRate?: number | null
  /** Weights whose path, as `'output/kernel'`, contains one of these follow Adam. Default: none. */
  excludeLayers?: readonly string[]
  /** Embeddings follow Adam. Default: `true`. */
  excludeEmbeddings?: boolean
  /** Of the weights that follow Adam. Default: 0.9. */
  adamBeta1?: number
  /** Of the weights that follow Adam. Default: 0.999. */
  adamBeta2?: number
  /** Of the weights that follow Adam. Default: 1e-7. */
  epsilon?: number
  /** Of the weights that follow Adam. Default: 0.004. */
  adamWeightDecay?: number | null
  /** The learning rate of the weights that follow Adam, as a multiple. Default: 1. */
  adamLrRatio?: number
}

/**
 * Momentum whose matrix is made orthogonal (Jordan, 2024), for weights that are matrices; all others follow Adam. The
 * kernel of the last layer should be excluded. Weight decay is 0.004 by default.
 */
export const muon = (options: MuonOptions = {}) => new Optimizer({ class_name: 'Muon', config: options })
