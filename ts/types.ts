/** Element types of tensors. `bool` is stored as bytes, 0 or 1. */
export type DType = 'float32' | 'int32' | 'uint8' | 'bool'

/** Lengths of the axes, outermost first. A scalar has none. */
export type Shape = readonly number[]

/** What holds the elements of a tensor in JavaScript. */
export type TypedArray = Float32Array | Int32Array | Uint8Array

/** Numbers nested in arrays, all rows of one length. */
export type NestedArray = number | boolean | readonly NestedArray[]
