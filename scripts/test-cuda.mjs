// `npm run test:cuda`: what needs a GPU: kernels, sessions and trainings against the CPU, then Keras's golden results and the
// tests of models on it, then NVIDIA's compute-sanitizer over some of the first, where it is. Without a GPU everything is
// counted as skipped, with the reason.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { add, line, none, parseCargo } from './counts.mjs'
import { testBinary } from './gpu/test-binary.mjs'
import { root, run } from './lib.mjs'
import { setup } from './setup.mjs'
import { testTypeScript } from './test.mjs'

await setup()
console.log('▸ cargo test (GPU)')
// Here nothing stands in for a GPU.
process.env.GLOROT_TEST_STAND_IN = '0'
const command = ['test', '-p', 'glorot-cuda', '--test', 'gpu', '--locked', '--', ...process.argv.slice(2)]
const { code, stdout } = await run('cargo', command, { show: true, allowFailure: true, tapStdout: () => {} })
if (code !== 0) process.stdout.write(stdout)
let counts = add(none, parseCargo(stdout, code))
if (counts.passed > 0) {
  process.env.GLOROT_DEVICE = 'cuda'
  counts = add(counts, await testTypeScript(['__test__/golden.test.ts', '__test__/layers', '__test__/callbacks']))
  counts = add(counts, await sanitize())
}
console.log(`\n${line(counts)}`)
process.exitCode = counts.failed ? 1 : 0

/** Each check over each group of tests counts as one test. */
async function sanitize() {
  const checks = JSON.parse(readFileSync(join(root, 'scripts/gpu/sanitizer.json'), 'utf8'))
  const cases = Object.entries(checks).flatMap(([check, names]) => names.map(name => [check, name]))
  const tool = ['compute-sanitizer', '/usr/local/cuda/bin/compute-sanitizer'].find(
    path => spawnSync(path, ['--version']).status === 0,
  )
  if (!tool) {
    console.log('▸ compute-sanitizer is not on this machine')
    return { ...none, skipped: cases.length }
  }
  const tests = await testBinary('gpu')
  let sum = none
  for (const [check, name] of cases) {
    console.log(`▸ compute-sanitizer ${check}: ${name}`)
    const args = ['--tool', check, '--error-exitcode', '9', tests, name]
    const env = { ...process.env, GLOROT_CUDA_PROGRAMS: '1' }
    const { status } = spawnSync(tool, args, { stdio: 'inherit', env })
    sum = add(sum, status === 0 ? { ...none, passed: 1 } : { ...none, failed: 1 })
  }
  return sum
}
