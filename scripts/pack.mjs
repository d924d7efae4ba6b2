// `npm run pack:all -- --out DIR`: what is published, as tarballs: the main package (JavaScript and types) and the
// package of this platform (the native library), which the main package names as an optional dependency.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bin, node, npm, root, step, strip } from './lib.mjs'
import { setup } from './setup.mjs'

const { values } = parseArgs({ options: { out: { type: 'string', default: 'packages' } } })
const out = resolve(process.env.INIT_CWD ?? process.cwd(), values.out)

await setup()
mkdirSync(out, { recursive: true })
// Inside the project, because the napi command writes nowhere else.
const staging = mkdtempSync(join(root, 'native', 'pack-'))
try {
  await step('packing', async () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const platforms = await platformPackages(manifest)
    await packMain(manifest, platforms)
  })
} finally {
  rmSync(staging, { recursive: true, force: true })
}

/** Packs the native library of this machine; returns the names of all platform packages. */
async function platformPackages({ version }) {
  const folder = join(staging, 'npm')
  const create = [bin('@napi-rs/cli', 'napi'), 'create-npm-dirs', '--npm-dir', folder]
  await node(create)
  const built = readdirSync(join(root, 'native')).filter(file => file.endsWith('.node'))
  const platforms = readdirSync(folder)
  for (const platform of platforms) {
    const library = `glorot.${platform}.node`
    if (!built.includes(library)) continue
    cpSync(join(root, 'native', library), join(folder, platform, library))
    await strip(join(folder, platform, library))
    for (const licence of ['LICENSE-MIT', 'LICENSE-APACHE'])
      cpSync(join(root, licence), join(folder, platform, licence))
    await pack(join(folder, platform))
  }
  return Object.fromEntries(platforms.map(platform => [`glorot-${platform}`, version]))
}

/** Packs the main package, staged so that the repository's own manifest need not name packages not yet published. */
async function packMain(manifest, optionalDependencies) {
  const folder = join(staging, 'main')
  mkdirSync(folder)
  for (const path of [...manifest.files, 'README.md', 'LICENSE']) {
    cpSync(join(root, path), join(folder, path), { recursive: true, filter: source => !source.endsWith('.stamp') })
  }
  const { scripts, devDependencies, napi, ...published } = manifest
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...published, optionalDependencies }, null, 2))
  await pack(folder)
}

async function pack(folder) {
  const [{ filename, size }] = JSON.parse(
    await npm(['pack', '--json', '--loglevel=error', '--pack-destination', out], { cwd: folder }),
  )
  console.log(`  ${join(out, filename)} (${Math.ceil(size / 1000)} kB)`)
}
