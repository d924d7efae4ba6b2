// A stand-in for NVIDIA's driver and libraries (crates/cuda/tests/stand_in), which runs kernels on the processor: what a
// user of a GPU meets can be tested where there is none.
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const compiler = ['g++', 'clang++', 'c++'].find(name => spawnSync(name, ['--version']).status === 0)

/** False where there is no C++ compiler, or another loader of libraries. */
export const isPossible = process.platform === 'linux' && compiler !== undefined

/** How a process ended. */
export interface Ended {
  code: number | null
  signal: string | null
  stdout: string
  stderr: string
}

/** A folder with the stand-in. */
export class StandIn {
  readonly folder = mkdtempSync(join(tmpdir(), 'glorot-stand-in-'))

  constructor() {
    execFileSync('sh', [join(root, 'crates/cuda/tests/stand_in/build.sh'), compiler ?? '', this.folder])
    mkdirSync(join(this.folder, 'cache'))
  }

  /** Runs a script of this folder on it; what it does wrong as a user of the driver ends it. */
  run(script: string, args: string[] = [], env: Record<string, string> = {}): Promise<Ended> {
    const all = {
      ...process.env,
      LD_LIBRARY_PATH: this.folder,
      GLOROT_CUDA_PATH: this.folder,
      GLOROT_CUDA_CACHE: join(this.folder, 'cache'),
      STAND_IN_STRICT: '1',
      ...env,
    }
    const file = fileURLToPath(new URL(script, import.meta.url))
    return new Promise(resolve => {
      execFile(
        process.execPath,
        ['--import', 'tsx', file, ...args],
        { cwd: root, env: all },
        (error, stdout, stderr) => {
          const code = error ? (typeof error.code === 'number' ? error.code : null) : 0
          resolve({ code, signal: error?.signal ?? null, stdout, stderr })
        },
      )
    })
  }

  /** The same, with what it prints as JSON. */
  async ask<T>(script: string, args: string[] = [], env: Record<string, string> = {}): Promise<T> {
    const ended = await this.run(script, args, env)
    if (ended.code !== 0) throw new Error(`${script}: ${ended.code ?? ended.signal}\n${ended.stdout}\n${ended.stderr}`)
    return JSON.parse(ended.stdout)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
