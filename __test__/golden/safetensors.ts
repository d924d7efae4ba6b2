import type { Golden } from './fixtures.js'

/** Reads a safetensors file (https://github.com/huggingface/safetensors) of float32 and int32 tensors. */
export function readSafetensors(file: Buffer): Map<string, Golden> {
  const length = Number(file.readBigUInt64LE(0))
  const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<string, Entry>
  const tensors = new Map<string, Golden>()
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const [begin, end] = entry.data_offsets
    // A copy, because typed arrays must begin at a multiple of their element's size.
    const bytes = Uint8Array.from(file.subarray(8 + length + begin, 8 + length + end)).buffer
    if (entry.dtype === 'F32')
      tensors.set(name, { dtype: 'float32', shape: entry.shape, values: new Float32Array(bytes) })
    else if (entry.dtype === 'I32')
      tensors.set(name, { dtype: 'int32', shape: entry.shape, values: new Int32Array(bytes) })
    else throw new Error(`tensor '${name}' has dtype ${entry.dtype}; expected F32 or I32`)
  }
  return tensors
}

interface Entry {
  dtype: string
  shape: number[]
  data_offsets: [number, number]
}
