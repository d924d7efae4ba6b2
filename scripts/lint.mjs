// `npm run lint`: every check that needs no test, and `npm run format` (--fix) what can be mended by machine.
import { pathToFileURL } from 'node:url'
import { bin, node, run } from './lib.mjs'
import { setup } from './setup.mjs'

const biome = args => node([bin('@biomejs/biome', 'biome'), ...args], { show: true, allowFailure: true })
const cargo = args => run('cargo', args, { show: true, allowFailure: true })

/** Runs all checks, even after one failed, and resolves to the names of those that failed. */
export async function lint() {
  await setup()
  const checks = {
    'biome check': () => biome(['check', '--error-on-warnings']),
    'tsc --noEmit': () => node([bin('typescript', 'tsc')], { show: true, allowFailure: true }),
    'tsc of the declarations': () =>
      node([bin('typescript', 'tsc'), '-p', 'tsconfig.declarations.json'], { show: true, allowFailure: true }),
    'cargo fmt --check': () => cargo(['fmt', '--all', '--check']),
    'cargo clippy': () =>
      cargo(['clippy', '--workspace', '--all-targets', '--locked', '--quiet', '--', '-D', 'warnings']),
  }
  const failed = []
  for (const [name, check] of Object.entries(checks)) {
    console.log(`▸ ${name}`)
    const { code } = await check()
    if (code !== 0) failed.push(name)
  }
  return failed
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (process.argv.includes('--fix')) {
    await setup()
    await biome(['check', '--write'])
    await cargo(['fmt', '--all'])
  } else {
    const failed = await lint()
    if (failed.length) throw new Error(`failed: ${failed.join(', ')}`)
  }
}
