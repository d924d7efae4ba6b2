// What the scripts of this folder share. Imports nothing but Node, since it runs before anything is installed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)

function fail(error) {
  console.error(`\n✗ ${error?.message ?? error}`)
  process.exit(1)
}

/**
 * Hash of the content of files and folders (relative to the root). By content rather than by time: a checkout or a
 * restored cache changes times, not sources.
 */
export function fingerprint(paths, extra = '') {
  const hash = createHash('sha256').update(`node ${process.versions.modules}\0${extra}\0`)
  for (const file of paths.flatMap(path => filesUnder(join(root, path)))) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  }
  return hash.digest('hex')
}

function filesUnder(path) {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) return []
  if (found.isFile()) return [path]
  return readdirSync(path)
    .filter(name => name !== 'node_modules' && name !== 'target')
    .sort()
    .flatMap(name => filesUnder(join(path, name)))
}

export function readStamp(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

export function writeStamp(path, value) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, value)
}

/** Path of a command that an installed package brings. */
export function bin(name, command) {
  const require = createRequire(join(root, 'package.json'))
  const folder = join(root, 'node_modules', name)
  const { bin } = require(join(folder, 'package.json'))
  return join(folder, typeof bin === 'string' ? bin : bin[command])
}

/**
 * Takes the symbols out of a binary, which is a fifth as long then. On Linux: elsewhere `strip` takes what a library exports
 * too. A machine without it leaves them.
 */
export async function strip(file) {
  if (process.platform !== 'linux') return
  chmodSync(file, 0o755)
  await run('strip', [file], { allowFailure: true }).catch(() => {})
}

/** Says what is being done, does it, says how long it took. */
export async function step(what, work) {
  const start = performance.now()
  console.log(`▸ ${what} …`)
  const result = await work()
  console.log(`  done in ${((performance.now() - start) / 1000).toFixed(1)} s`)
  return result
}

/**
 * Runs a command in the root. Its output is kept back and shown only when it fails, unless `show` is set.
 * Resolves to what it wrote to stdout; with `allowFailure` to `{ code, stdout }` and never rejects for its exit code.
 */
export function run(command, args, { show = false, allowFailure = false, cwd = root, shell = false, tapStdout } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      shell,
      stdio: ['inherit', show && !tapStdout ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    })
    const stdout = []
    const both = []
    child.stdout?.on('data', chunk => {
      stdout.push(chunk)
      both.push(chunk)
      tapStdout?.(chunk)
    })
    child.stderr?.on('data', chunk => both.push(chunk))
    child.on('error', reject)
    child.on('close', (exitCode, signal) => {
      const code = exitCode ?? 1
      const text = Buffer.concat(stdout).toString()
      if (allowFailure) return resolve({ code, stdout: text })
      if (code === 0) return resolve(text)
      process.stderr.write(Buffer.concat(both))
      reject(new Error(`${[command, ...args].join(' ')} failed${signal ? ` (${signal})` : ` with exit code ${code}`}`))
    })
  })
}

export const node = (args, options) => run(process.execPath, args, options)

/** npm through the very npm that started this script, so that no shell is needed on any platform. */
export function npm(args, options) {
  const cli = process.env.npm_execpath
  if (cli?.endsWith('.js')) return node([cli, ...args], options)
  // On Windows npm is a batch file, which only a shell can run.
  return run('npm', args, { ...options, shell: process.platform === 'win32' })
}
