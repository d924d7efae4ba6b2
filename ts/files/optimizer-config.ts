import { type Config, type Custom, functionName } from './custom-objects.js'

/**
 * An optimizer of a file as this library takes it.
 *
 * @internal
 */
export function optimizerConfig(name: string, given: Config, custom: Custom): object {
  // Mixed precision: what is wrapped scales the loss.
  if (/(^|>)LossScaleOptimizer(V\d)?$/.test(name)) {
    const inner = (given.inner_optimizer ?? given.optimizer) as { class_name: string; config: Config }
    return optimizerConfig(inner.class_name, inner.config, custom)
  }
  const { lr, ...rest } = given
  const config: Config = { ...rest, learning_rate: rest.learning_rate ?? lr }
  // Up to version 2.10, all optimizers of Keras had a decay and none of the options that came later.
  const isOld = ('decay' in given || lr !== undefined) && !('jit_compile' in given || 'weight_decay' in given)
  if (isOld) config.is_legacy_optimizer = true
  const schedule = config.learning_rate
  const { class_name: type, config: options } = (schedule ?? {}) as { class_name?: string; config?: unknown }
  const own = custom.find(functionName(schedule) ?? type)
  if (!own) return { class_name: name, config }
  const { learning_rate: _, ...others } = config
  const learningRate = functionName(schedule) === undefined ? custom.make(type as string, options) : own
  return { class_name: name, config: { ...others, learningRate } }
}
