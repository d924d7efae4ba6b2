import { shapeError } from '../errors.js'
import { native } from '../native.js'
import { asTensor, type Tensor, type TensorLike } from '../tensor.js'
import type { Layer } from './layer.js'

/** What a layer can adapt to: samples along axis 0, of any dtype; or batches of them, as a (possibly async) iterable of tensors. */
export type AdaptData = TensorLike | Iterable<Tensor> | AsyncIterable<Tensor>

/** @internal Lets a layer learn from data, in one pass and not on this thread. */
export async function adapt(layer: Layer, data: AdaptData): Promise<void> {
  let adaptation: InstanceType<typeof native.Adaptation> | undefined
  for await (const batch of batches(data)) {
    adaptation ??= native.adaptation(layer.handle, [...batch.shape])
    const failure = await adaptation.add(batch)
    if (failure) throw Object.assign(new Error(failure.message), { code: failure.code })
  }
  if (!adaptation) throw shapeError(`layer '${layer.name}' (${layer.className}): received no samples to adapt to`)
  adaptation.finish()
}

/** One tensor is one batch. */
async function* batches(data: AdaptData): AsyncGenerator<Tensor> {
  const isBatches = typeof data === 'object' && !Array.isArray(data) && !ArrayBuffer.isView(data) && isIterable(data)
  if (isBatches) yield* data as AsyncIterable<Tensor>
  else yield asTensor(data as TensorLike)
}

function isIterable(data: object): boolean {
  return Symbol.iterator in data || Symbol.asyncIterator in data
}
