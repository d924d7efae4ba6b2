// `npm run bench`: the measurements of benches/; arguments go to vitest (`npm run bench -- step`).
import { bin, node } from './lib.mjs'
import { setup } from './setup.mjs'

await setup()
const { code } = await node([bin('vitest', 'vitest'), 'bench', '--run', ...process.argv.slice(2)], {
  show: true,
  allowFailure: true,
})
process.exitCode = code
