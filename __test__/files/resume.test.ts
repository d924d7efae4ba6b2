// Trainings that go on in another process end as if nothing had happened, bit by bit.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import type { Kind } from './training.js'
import type { Job } from './training.script.js'

const run = promisify(execFile)
const script = fileURLToPath(new URL('training.script.ts', import.meta.url))
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'glorot-resume-'))
  folders.push(made)
  return made
}

interface Outcome {
  weights: string
  history: Record<string, number[]>
  epochs: number[]
  log: string
}

const train = async (job: Job): Promise<Outcome> => {
  const { stdout } = await run(process.execPath, ['--import', 'tsx', script, JSON.stringify(job)])
  return JSON.parse(stdout)
}

/** Trains in a process that is killed. */
const killed = (job: Job) => expect(train(job)).rejects.toMatchObject({ signal: 'SIGKILL' })

const kinds: Kind[] = ['averages', 'schedule', 'plateau']

describe('save, load, fit({ initialEpoch })', () => {
  for (const kind of ['averages', 'schedule'] as const) {
    test.each(['model.keras', 'model.h5'])(`${kind}, by %s`, async file => {
      const job = { kind, folder: folder(), file }
      const whole = await train({ ...job, part: undefined })
      const first = await train({ ...job, part: 'first' })
      const second = await train({ ...job, part: 'second' })
      expect(second.weights).toBe(whole.weights)
      expect(second.epochs).toEqual([3, 4, 5])
      for (const [name, values] of Object.entries(whole.history)) {
        expect([...(first.history[name] ?? []), ...(second.history[name] ?? [])], name).toEqual(values)
      }
    })
  }
})

describe('backupAndRestore', () => {
  test.each(kinds)('%s: killed at steps and in a validation, backed up each epoch', async kind => {
    const whole = await train({ kind, folder: folder() })
    const job: Job = { kind, folder: folder(), saveFreq: 'epoch' }
    await killed({ ...job, killAt: 27 })
    await killed({ ...job, killAt: 'validation' })
    await killed({ ...job, killAt: 12 })
    expect(await train(job)).toEqual(whole)
    expect(existsSync(join(job.folder, 'backup'))).toBe(false)
  })

  test.each(kinds)('%s: killed inside of epochs, backed up every three steps', async kind => {
    const whole = await train({ kind, folder: folder() })
    const job: Job = { kind, folder: folder(), saveFreq: 3 }
    for (const killAt of [5, 6, 1, 10, 'validation', 4] as const) await killed({ ...job, killAt })
    expect(await train(job)).toEqual(whole)
  })

  test.each(['batches', 'steps'] as const)('batches that come one after the other: %s', async source => {
    const whole = await train({ kind: 'averages', folder: folder(), source })
    const job: Job = { kind: 'averages', folder: folder(), source, saveFreq: 2 }
    for (const killAt of [5, 3, 9, 'validation', 7] as const) await killed({ ...job, killAt })
    expect(await train(job)).toEqual(whole)
  })
})
