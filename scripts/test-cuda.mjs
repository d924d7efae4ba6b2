// `npm run test:cuda`: what needs a GPU: kernels, sessions and trainings against the CPU, then Keras's golden results and the
// tests of models on it. Without a GPU everything is counted as skipped, with the reason.
import { add, line, none, parseCargo } from './counts.mjs'
import { run } from './lib.mjs'
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
}
console.log(`\n${line(counts)}`)
process.exitCode = counts.failed ? 1 : 0
