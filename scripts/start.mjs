// `npm start`: sets up what is missing, then trains the example network.
import { node } from './lib.mjs'
import { setup } from './setup.mjs'

await setup()
const { code } = await node(['--import', 'tsx', 'examples/start.ts', ...process.argv.slice(2)], {
  show: true,
  allowFailure: true,
})
process.exitCode = code
