// What a worker of the test runs. Workers do not inherit the loader of TypeScript.
import { register } from 'tsx/esm/api'

register()
await import('./worker.train.ts')
