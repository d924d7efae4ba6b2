// `npm run bench:cuda`: glorot beside PyTorch and JAX on a GPU; arguments go to benches/cuda/compare.mjs.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { node, root } from './lib.mjs'
import { setup } from './setup.mjs'

await setup()
const script = join(root, 'benches/cuda/compare.mjs')
const loader = pathToFileURL(join(root, 'scripts/gpu/loader.mjs')).href
const { code } = await node([script, '--loader', loader, ...process.argv.slice(2)], { show: true, allowFailure: true })
process.exitCode = code
