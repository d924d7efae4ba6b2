// A training that saves after each step is killed at random moments, again and again: every file on the disk is whole, and
// the training ends as one that nobody disturbed. GLOROT_KILLS says how often; see docs/model-files.md.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { models } from 'glorot'
import { expect, test } from 'vitest'
import { network } from './training.js'

const kills = Number(process.env.GLOROT_KILLS ?? 12)
const script = fileURLToPath(new URL('crash.script.ts', import.meta.url))

/** Trains; `delay`: kill the process so long (ms) after the training has begun. The result, if it got that far. */
async function train(folder: string, delay?: number): Promise<string | undefined> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  let timer: NodeJS.Timeout | undefined
  let result: string | undefined
  createInterface({ input: child.stdout }).on('line', line => {
    if (line !== 'begun') result = line
    else if (delay !== undefined) timer ??= setTimeout(() => child.kill('SIGKILL'), delay)
  })
  const [code, signal] = await new Promise<[number | null, string | null]>(resolve =>
    child.on('close', (code, signal) => resolve([code, signal])),
  )
  clearTimeout(timer)
  if (signal !== 'SIGKILL') expect(code).toBe(0)
  return result
}

const temporary = () => mkdtempSync(join(tmpdir(), 'glorot-crash-'))

/** Reads every file that there is. */
async function checkFiles(folder: string): Promise<number> {
  let count = 0
  for (const name of ['model.keras', 'model.h5', 'backup/backup.keras', 'backup/previous.keras']) {
    if (!existsSync(join(folder, name))) continue
    await models.load(join(folder, name))
    count++
  }
  for (const name of ['model.weights.h5', 'model.safetensors']) {
    if (!existsSync(join(folder, name))) continue
    await network('plateau').loadWeights(join(folder, name))
    count++
  }
  return count
}

test(`killed ${kills} times`, async () => {
  const folder = temporary()
  const begin = performance.now()
  const undisturbed = await train(folder)
  const log = readFileSync(join(folder, 'log.csv'), 'utf8')
  rmSync(folder, { recursive: true })
  // From before the first file to after the last: a run is killed several times before it ends.
  const longest = (performance.now() - begin) / 3
  let killed = 0
  let checked = 0
  let ended = 0
  while (killed < kills) {
    const folder = temporary()
    for (;;) {
      const result = await train(folder, killed < kills ? Math.random() * longest : undefined)
      checked += await checkFiles(folder)
      if (result === undefined) {
        killed++
        continue
      }
      expect(result).toBe(undisturbed)
      expect(readFileSync(join(folder, 'log.csv'), 'utf8')).toBe(log)
      ended++
      break
    }
    rmSync(folder, { recursive: true })
  }
  console.log(`${killed} times killed, ${checked} files read, ${ended} trainings ended`)
  expect(checked).toBeGreaterThan(kills)
}, 3_600_000)
