import { grad, losses, ops, type Tensor } from 'glorot'
import { close, golden, input } from './compare.js'
import type { Case } from './fixtures.js'

/** Values and gradients under all reductions, with and without weights of the samples. */
export function runLoss(given: Case): void {
  const [yTrue, yPred, weights] = [input(given, 'y_true'), input(given, 'y_pred'), input(given, 'sample_weight')]
  const withReduction = (reduction: string) =>
    losses.deserialize({ class_name: given.kind, config: { ...given.config, reduction } })
  close(given, 'per_sample', withReduction('none')(yTrue, yPred), golden(given, 'per_sample'))
  const check = (prefix: string, reduction: string, sampleWeight?: Tensor) => {
    const loss = withReduction(reduction)
    close(given, `${prefix}value`, loss(yTrue, yPred, sampleWeight), golden(given, `${prefix}value`))
    // Gradients are left out where the backends of Keras do not agree.
    if (!given.tensors[`${prefix}grad`]) return
    const [gradient] = grad(y => ops.sum(loss(yTrue, y, sampleWeight)))(yPred)
    close(given, `${prefix}grad`, gradient as Tensor, golden(given, `${prefix}grad`))
  }
  check('', 'sum_over_batch_size')
  check('weighted_', 'sum_over_batch_size', weights)
  check('sum_', 'sum', weights)
  check('mean_with_sample_weight_', 'mean_with_sample_weight', weights)
}
