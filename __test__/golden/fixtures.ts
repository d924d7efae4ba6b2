import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSafetensors } from './safetensors.js'

const own = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))

/** Where the cases are: `GOLDEN_DIR`, or the project's own. The README of the first says what the fields mean. */
export const folders = process.env.GOLDEN_DIR ? [process.env.GOLDEN_DIR] : [own('golden'), own('golden-more')]
/** The folder with models in files. */
export const folder = folders[0] as string

/** Numbers with a shape, as the fixtures hold them. */
export interface Golden {
  dtype: 'float32' | 'int32'
  shape: number[]
  values: Float32Array | Int32Array
}

/** A class or function of Keras with its options. */
export interface Config {
  class_name: string
  config: Record<string, unknown>
  [key: string]: unknown
}

/** One case of a group. Further fields depend on the group. */
export interface Case {
  name: string
  kind: string
  config: Record<string, unknown>
  tensors: Record<string, Golden>
  tolerance: { rtol: number; atol: number }
  [field: string]: unknown
}

/** The groups that a folder has. */
export function groups(from: string): string[] {
  const index = JSON.parse(readFileSync(join(from, 'index.json'), 'utf8')) as { cases: Record<string, number> }
  return Object.keys(index.cases).sort()
}

/** The cases of a group with their tensors by role. */
export function readGroup(group: string, from: string): Case[] {
  const cases = JSON.parse(readFileSync(join(from, `${group}.json`), 'utf8')) as (Omit<Case, 'tensors'> & {
    tensors: Record<string, string>
  })[]
  const file = join(from, `${group}.safetensors`)
  const tensors = existsSync(file) ? readSafetensors(readFileSync(file)) : new Map<string, Golden>()
  const byRole = (keys: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(keys).map(([role, key]) => {
        const tensor = tensors.get(key)
        if (!tensor) throw new Error(`${file} has no tensor '${key}'`)
        return [role, tensor]
      }),
    )
  return cases.map(given => ({ ...given, tensors: byRole(given.tensors) }) as Case)
}
