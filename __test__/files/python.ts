import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The interpreter that has Keras: `GLOROT_PYTHON`, which must have it, or `python3`, if it does. */
export function pythonWithKeras(): string | undefined {
  const named = process.env.GLOROT_PYTHON
  if (named) return named
  const find = 'import importlib.util as u, sys; sys.exit(u.find_spec("keras") is None)'
  try {
    execFileSync('python3', ['-c', find], { stdio: 'ignore' })
    return 'python3'
  } catch {
    return undefined
  }
}

/** What a script prints, which is JSON. */
export async function python(script: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await run(pythonWithKeras() as string, [script, ...args], { maxBuffer: 1 << 26 })
  return JSON.parse(stdout)
}
