// One file of a TypeScript program and all that it imports, for machines that have only Node. What it needs beside it:
// `../native` with the native library.
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from '../lib.mjs'

/** Bundles `entry`, a path in the repository; `alias` puts other files in the place of packages. */
export function bundle(entry, outfile, alias = {}) {
  return build({
    entryPoints: [join(root, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minifyWhitespace: true,
    logLevel: 'error',
    alias: { glorot: join(root, 'ts/index.ts'), ...alias },
    // Packages written for CommonJS ask for `require`.
    banner: { js: "import { createRequire as _r } from 'node:module'; const require = _r(import.meta.url)" },
  })
}

/** The golden results of Keras as a program. */
export const bundleGolden = outfile =>
  bundle('__test__/golden.test.ts', outfile, { vitest: join(root, 'scripts/gpu/vitest.mjs') })

/** glorot's side of the benchmark as a program. */
export const bundleBench = outfile => bundle('benches/cuda/glorot.mjs', outfile)
