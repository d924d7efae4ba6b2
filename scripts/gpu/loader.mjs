// Lets `import 'glorot'` find the compiled package of this repository.
import { register } from 'node:module'

const target = new URL('../../dist/index.js', import.meta.url).href
const hooks = `export const resolve = (name, context, next) =>
  name === 'glorot' ? { url: ${JSON.stringify(target)}, shortCircuit: true } : next(name, context)`
register(`data:text/javascript,${encodeURIComponent(hooks)}`)
