/**
 * Deep learning for Node.js: a compiled Rust engine under a thin, typed, Keras-like API.
 *
 * @module glorot
 */
import { native } from './native.js'

/** Version of glorot, e.g. `'0.1.0'`. */
export const version: string = native.version()
