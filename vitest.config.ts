import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Tests and benches run the TypeScript sources, so there is no compiled copy to go stale.
  resolve: { alias: { glorot: fileURLToPath(new URL('ts/index.ts', import.meta.url)) } },
  test: {
    include: ['__test__/**/*.test.{ts,mjs}'],
    benchmark: { include: ['benches/**/*.bench.ts'] },
    testTimeout: 60_000,
    // By default one core is left idle, which is half of two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
})
