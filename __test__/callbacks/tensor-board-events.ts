import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Scalars by tag: `[step, value]`. */
export type Scalars = Record<string, [step: number, value: number][]>

/** What the reader of the Python package `tensorboard` prints, see `crates/io/tests/read_logs.py`. */
export interface Logs {
  runs: Record<
    string,
    {
      scalars: Record<string, [number, number, number][]>
      histograms: Record<string, [number, number, [number, number, number][]][]>
      texts: Record<string, [number, number, number[], string[]][]>
      keras_models: Record<string, { name: string; class: string }[]>
    }
  >
  session_groups: { hparams: Record<string, unknown> }[]
}

const python = process.env.GLOROT_PYTHON ?? 'python3'

/** Whether there is a Python with `tensorboard`; one that is named explicitly must have it. */
export const hasTensorBoard = () =>
  process.env.GLOROT_PYTHON !== undefined || spawnSync(python, ['-c', 'import tensorboard']).status === 0

/** What TensorBoard reads from a log folder. */
export function readLogs(folder: string): Logs {
  const reader = fileURLToPath(new URL('../../crates/io/tests/read_logs.py', import.meta.url))
  const { status, stdout, stderr } = spawnSync(python, [reader, folder], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${python} ${reader}: ${stderr}`)
  return JSON.parse(stdout)
}

/** The scalars of a run, decoded here: TFRecord framing, then the few fields of `event.proto` that scalars use. */
export function readScalars(folder: string): Scalars {
  const scalars: Scalars = {}
  for (const file of readdirSync(folder).filter(name => name.includes('tfevents'))) {
    const bytes = readFileSync(join(folder, file))
    for (let at = 0; at < bytes.length; ) {
      const length = Number(bytes.readBigUInt64LE(at))
      const event = fields(bytes.subarray(at + 12, at + 12 + length))
      at += 12 + length + 4
      for (const summary of event.get(5) ?? []) {
        for (const value of fields(summary as Buffer).get(1) ?? []) {
          const { tag, scalar } = scalarOf(value as Buffer)
          if (scalar === undefined) continue
          scalars[tag] ??= []
          scalars[tag].push([Number(event.get(2)?.[0] ?? 0), scalar])
        }
      }
    }
  }
  return scalars
}

function scalarOf(bytes: Buffer): { tag: string; scalar: number | undefined } {
  const value = fields(bytes)
  const tag = String(value.get(1)?.[0])
  const plugin = fields(fields((value.get(9)?.[0] as Buffer) ?? Buffer.of()).get(1)?.[0] as Buffer).get(1)?.[0]
  if (String(plugin) !== 'scalars') return { tag, scalar: undefined }
  const tensor = fields(value.get(8)?.[0] as Buffer)
  const floats = (tensor.get(4)?.[0] ?? tensor.get(5)?.[0]) as Buffer
  return { tag, scalar: floats.readFloatLE(0) }
}

/** The fields of a protobuf message by their numbers. */
function fields(bytes: Buffer = Buffer.of()): Map<number, (Buffer | bigint)[]> {
  const result = new Map<number, (Buffer | bigint)[]>()
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] as number
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  const take = (length: number) => {
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const key = Number(varint())
    const kind = key & 7
    const value = kind === 0 ? varint() : take(kind === 1 ? 8 : kind === 5 ? 4 : Number(varint()))
    result.set(key >> 3, [...(result.get(key >> 3) ?? []), value])
  }
  return result
}
