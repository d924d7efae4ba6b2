// `npm run docs`: the API reference into docs/api/.
import { pathToFileURL } from 'node:url'
import { bin, node } from './lib.mjs'
import { setup } from './setup.mjs'

/** Resolves to whether the reference could be built without a warning. */
export async function docs() {
  await setup()
  console.log('▸ typedoc')
  const { code } = await node([bin('typedoc', 'typedoc')], { show: true, allowFailure: true })
  return code === 0
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href && !(await docs())) process.exitCode = 1
