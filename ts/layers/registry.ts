import type { Layer as NativeLayer } from '../../native/binding.cjs'
import type { Layer } from './layer.js'

// Rust and TypeScript each have an object for a layer. A layer that comes out of Rust is found here again, so that
// `net.layers[0] === layer`; the entries do not keep layers alive.
const layers = new Map<number, WeakRef<Layer>>()
const collected = new FinalizationRegistry((id: number) => {
  if (!layers.get(id)?.deref()) layers.delete(id)
})

/** @internal Remembers the object of a layer. */
export function register(layer: Layer): void {
  const { id } = layer.handle
  layers.set(id, new WeakRef(layer))
  collected.register(layer, id)
}

/** @internal The object of a layer, if there is one. */
export function known(handle: NativeLayer): Layer | undefined {
  return layers.get(handle.id)?.deref()
}
