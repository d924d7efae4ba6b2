// Every TypeScript block of the README and the guide is type-checked and run. Blocks of one section are one program.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, expect, test } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'glorot-docs-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What needs a download trains on a few generated images here. */
const small = (code: string) => code.replaceAll('datasets.fashionMnist()', 'datasets.glyphs({ train: 500, test: 100 })')

/** The programs of a file by section. */
function programs(file: string): { name: string; path: string }[] {
  const sections = readFileSync(join(root, file), 'utf8').split(/^#+ /m)
  return sections.flatMap((section, i) => {
    const blocks = [...section.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => small(code as string))
    if (blocks.length === 0) return []
    const path = join(folder, `${file.replace(/\W/g, '-')}-${i}.ts`)
    writeFileSync(path, `${blocks.join('\n')}\nexport {}\n`)
    return [{ name: `${file}: ${section.split('\n', 1)[0]}`, path }]
  })
}

const all = [...programs('README.md'), ...programs('docs/guide.md')]
const { compilerOptions } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config
const paths = { glorot: [join(root, 'ts/index.ts')] }

test('the documents have programs', () => expect(all.length).toBeGreaterThan(13))

test('they compile', { timeout: 300_000 }, () => {
  const options = ts.convertCompilerOptionsFromJson(
    { ...compilerOptions, paths, rootDir: '/', typeRoots: [join(root, 'node_modules/@types')] },
    root,
  ).options
  // They are modules of a package of that type.
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const program = ts.createProgram(
    all.map(({ path }) => path),
    options,
  )
  const found = all.flatMap(({ path }) => ts.getPreEmitDiagnostics(program, program.getSourceFile(path)))
  const host = {
    getCanonicalFileName: (name: string) => name,
    getCurrentDirectory: () => folder,
    getNewLine: () => '\n',
  }
  expect(ts.formatDiagnostics(found, host)).toBe('')
})

test.each(all)('$name runs', { timeout: 300_000 }, async ({ path }) => {
  const config = join(folder, 'tsconfig.json')
  writeFileSync(config, JSON.stringify({ compilerOptions: { ...compilerOptions, paths, rootDir: '/' } }))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const env = { ...process.env, TSX_TSCONFIG_PATH: config }
  const tsx = import.meta.resolve('tsx')
  const { stdout, stderr } = await run(process.execPath, ['--import', tsx, path], { cwd: folder, env })
  expect(stderr).toBe('')
  expect(stdout).not.toContain('undefined')
})
