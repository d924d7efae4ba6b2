// The programs of `npm run pack:gpu`, on the processor: nobody should find out on a GPU that they do not start.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleBench, bundleGolden } from '../../scripts/gpu/bundle.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'glorot-bundle-'))
beforeAll(() => symlinkSync(join(root, 'native'), join(folder, 'native'), 'dir'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (file, args, env = {}) => {
  const output = execFileSync(process.execPath, [file, ...args], {
    encoding: 'utf8',
    env: { ...process.env, GLOROT_DEVICE: 'cpu', ...env },
  })
  return output.trim().split('\n').at(-1)
}

test('the golden results run, in the groups that are named', async () => {
  const file = join(folder, 'bin', 'golden.mjs')
  await bundleGolden(file)
  const all = { GOLDEN_DIR: join(root, '__test__/fixtures/golden'), GPU_CHECK_GROUPS: 'losses,metrics' }
  const [, passed] = run(file, [], all).match(/^(\d+) passed, 0 failed, 0 skipped$/) ?? []
  expect(Number(passed)).toBeGreaterThan(50)
  expect(run(file, [], { ...all, GPU_CHECK_SECONDS: '0' })).toBe(`0 passed, 0 failed, ${passed} skipped`)
})

test('the benchmark runs', async () => {
  const file = join(folder, 'bench', 'glorot.mjs')
  await bundleBench(file)
  for (const workload of ['narrow', 'conv']) {
    const args = ['--device', 'cpu', '--workload', workload, '--steps', '2', '--epochs', '1']
    const { name, step_us, loss } = JSON.parse(run(file, args))
    expect(name).toBe('glorot measured')
    expect(step_us).toBeGreaterThan(0)
    expect(loss).toHaveLength(2)
  }
})
