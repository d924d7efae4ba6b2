// `npm run pack:gpu -- --out DIR`: everything that scripts/gpu-check.py needs on a machine that has a driver, Python and the
// CUDA libraries of its wheels, but neither Node nor Rust nor a network. Under 64 MiB. There:
//   python3 DIR/gpu-check.py
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bundleBench, bundleGolden } from './gpu/bundle.mjs'
import { testBinary } from './gpu/test-binary.mjs'
import { root, run, step, strip } from './lib.mjs'
import { setup } from './setup.mjs'

const { values } = parseArgs({ options: { out: { type: 'string', default: 'target/gpu-bundle' } } })
const out = resolve(process.env.INIT_CWD ?? process.cwd(), values.out)

await setup()
rmSync(out, { recursive: true, force: true })
for (const folder of ['native', 'bin', 'bench']) mkdirSync(join(out, folder), { recursive: true })

await step('building the tests of the GPU', async () => {
  cpSync(await testBinary('gpu'), join(out, 'bin', 'gpu-tests'))
})
await step('bundling', async () => {
  const library = readdirSync(join(root, 'native')).find(file => file.endsWith('.node'))
  cpSync(join(root, 'native', 'binding.cjs'), join(out, 'native', 'binding.cjs'))
  cpSync(join(root, 'native', library), join(out, 'native', library))
  cpSync(process.execPath, join(out, 'bin', 'node'))
  for (const binary of [join(out, 'bin', 'gpu-tests'), join(out, 'native', library)]) await strip(binary)
  await bundleGolden(join(out, 'bin/golden.mjs'))
  await bundleBench(join(out, 'bench/glorot.mjs'))
  // Without model files: the groups that are run there have none.
  const filter = path => !path.endsWith('/models')
  cpSync(join(root, '__test__/fixtures/golden'), join(out, 'golden'), { recursive: true, filter })
  for (const file of ['compare.mjs', 'torch_peer.py', 'jax_peer.py']) {
    cpSync(join(root, 'benches/cuda', file), join(out, 'bench', file))
  }
  cpSync(join(root, 'scripts/gpu-check.py'), join(out, 'gpu-check.py'))
  cpSync(join(root, 'scripts/gpu/sanitizer.json'), join(out, 'bin', 'sanitizer.json'))
  writeFileSync(join(out, 'package.json'), '{ "type": "module" }\n')
})
await step('compressing Node', async () => {
  const code = 'import lzma, sys; lzma.open(sys.argv[2], "wb", preset=6).write(open(sys.argv[1], "rb").read())'
  await run('python3', ['-c', code, join(out, 'bin', 'node'), join(out, 'bin', 'node.xz')])
  rmSync(join(out, 'bin', 'node'))
})
console.log(`  ${out} (${(sizeOf(out) / 2 ** 20).toFixed(1)} MiB)`)

function sizeOf(path) {
  const found = statSync(path)
  if (!found.isDirectory()) return found.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}
