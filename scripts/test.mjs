// `npm test`: sets up what is missing, then runs the tests of both languages. Last line: the sum over both.
//   --rust | --ts   only one of them; further arguments go to it (`npm run test:ts -- idx`)
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { add, line, none, parseCargo, parseVitest } from './counts.mjs'
import { bin, node, root, run } from './lib.mjs'
import { setup } from './setup.mjs'

export async function testRust(args = []) {
  console.log('\n▸ cargo test')
  const command = ['test', '--workspace', '--locked', '--no-fail-fast', '--quiet', ...args]
  const { code, stdout } = await run('cargo', command, { show: true, allowFailure: true, tapStdout: () => {} })
  const counts = parseCargo(stdout, code)
  if (code !== 0) process.stdout.write(stdout)
  console.log(`  ${line(counts)}`)
  return counts
}

export async function testTypeScript(args = []) {
  console.log('\n▸ vitest')
  const file = join(root, 'target', 'vitest.json')
  rmSync(file, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  // A forgotten `.only` must not hide the other tests from a full run.
  const full = args.length === 0 ? ['--allowOnly=false'] : []
  const command = [bin('vitest', 'vitest'), 'run', ...reporters, ...full, ...args]
  const { code } = await node(command, { show: true, allowFailure: true })
  let report = { testResults: [], numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 }
  try {
    report = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    console.log('  vitest wrote no report')
    return { ...none, failed: 1 }
  }
  return parseVitest(report, code)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [only, ...rest] = process.argv.slice(2)
  await setup()
  let counts = none
  if (only !== '--ts') counts = add(counts, await testRust(only === '--rust' ? rest : []))
  if (only !== '--rust') counts = add(counts, await testTypeScript(only === '--ts' ? rest : []))
  console.log(`\n${line(counts)}`)
  process.exitCode = counts.failed ? 1 : 0
}
