// Prepares a fresh clone and does nothing where everything is fresh: development dependencies, the native library
// (release build) and the compiled TypeScript. Needs only Node and Rust, so it may import nothing but Node itself.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bin, fingerprint, node, npm, readStamp, root, run, step, writeStamp } from './lib.mjs'

const dependenciesStamp = join(root, 'node_modules', '.glorot-stamp')
const nativeStamp = join(root, 'native', '.stamp')
const distStamp = join(root, 'dist', '.stamp')

/** Installs exactly what package-lock.json names, when it changed since the last install. */
export async function installDependencies() {
  const wanted = fingerprint(['package.json', 'package-lock.json'], `${process.platform}-${process.arch}`)
  if (readStamp(dependenciesStamp) === wanted) return
  await step('installing development dependencies (npm ci)', () =>
    npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']),
  )
  writeStamp(dependenciesStamp, wanted)
}

/** Builds the native library in release mode into native/, when a Rust source changed since the last build. */
export async function buildNative() {
  const wanted = fingerprint(['package.json', 'Cargo.toml', 'Cargo.lock', 'crates'], process.env.RUSTFLAGS ?? '')
  const built = existsSync(join(root, 'native')) && readdirSync(join(root, 'native')).some(f => f.endsWith('.node'))
  if (built && readStamp(nativeStamp) === wanted) return
  rmSync(nativeStamp, { force: true })
  await step('building the native library (cargo, release)', async () => {
    await checkRust()
    await node([
      bin('@napi-rs/cli', 'napi'),
      ...['build', '--release', '--platform', '--manifest-path', 'crates/node/Cargo.toml'],
      ...['--output-dir', 'native', '--js', 'binding.cjs', '--dts', 'binding.d.cts', '--no-const-enum'],
      ...['--', '--locked'],
    ])
  })
  writeStamp(nativeStamp, wanted)
}

/**
 * Compiles ts/ to dist/, when a source changed since the last compilation: declarations file by file, the code as one
 * module and what it loads on demand, because Node takes longer to find two hundred files than to read them.
 */
export async function buildTypeScript() {
  const sources = [
    'scripts/setup.mjs',
    'ts',
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
    'native/binding.d.cts',
  ]
  const wanted = fingerprint(sources)
  if (readStamp(distStamp) === wanted) return
  // A file whose source is gone must not survive in the package.
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  await step('compiling TypeScript', async () => {
    await node([bin('typescript', 'tsc'), '-p', 'tsconfig.build.json'])
    const { build } = await import('esbuild')
    await build({
      absWorkingDir: root,
      entryPoints: ['ts/index.ts'],
      outdir: 'dist',
      bundle: true,
      splitting: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node20',
      // Names of classes are written into models.
      keepNames: true,
      logLevel: 'warning',
    })
  })
  writeStamp(distStamp, wanted)
}

/** Everything that a command of this project needs. */
export async function setup() {
  await installDependencies()
  await buildNative()
  await buildTypeScript()
}

async function checkRust() {
  try {
    await run('cargo', ['--version'])
  } catch (cause) {
    throw new Error('Rust is needed to build the native library: install it from https://rustup.rs and try again.', {
      cause,
    })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await setup()
}
