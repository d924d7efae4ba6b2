#!/usr/bin/env node
// Times glorot and competing libraries on one workload, in turns (A B C A B C ...), so that a slow spell of the machine
// hits all of them, and prints a Markdown table. See peers/README.md for how to install the peers.
import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { median, WORKLOADS } from './peers/peer_common.mjs'

const USAGE = `usage: node benches/compare.mjs [options]
  --workload NAME     ${Object.keys(WORKLOADS).join(' | ')} (default plain20)
  --peers A,B         of keras-tf, keras-jax, jax, torch, torch-compile, tfjs-node, tfjs-wasm, tfjs-cpu, brain.js;
                      onnxruntime-node with --workload predict
                      (default: keras-tf,torch where a Python is given; '' times glorot alone)
  --rounds N          runs of each (default 3)
  --steps N           training steps an epoch (default 300; slow peers run fewer)
  --epochs N          epochs a run, the first one not counted (default 4)
  --threads N         default: all
  --optimizer NAME, --lr X, --batch N, --seed N, --width N, --depth N
                      default: the workload's own; seed 1
  --precision NAME    float32 | bfloat16: of matrix products; torch (autocast) and keras (mixed_bfloat16) alone have
                      the latter (default float32)
  --data DIR          folder with cifar-10-batches-bin/ and fashion-mnist/ (default data)
  --python-tf PATH    Python with TensorFlow, Keras and JAX; default $PEERS_TF_PYTHON
  --python-pt PATH    Python with PyTorch; default $PEERS_TORCH_PYTHON
  --node-peers DIR    folder whose node_modules/ has the JavaScript peers; default $PEERS_NODE_ROOT
  --log FILE          append every run's JSON line to FILE`

const { values: options } = parseArgs({
  options: {
    workload: { type: 'string', default: 'plain20' },
    peers: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '300' },
    epochs: { type: 'string', default: '4' },
    threads: { type: 'string', default: String(availableParallelism()) },
    optimizer: { type: 'string' },
    lr: { type: 'string' },
    batch: { type: 'string' },
    seed: { type: 'string' },
    width: { type: 'string' },
    depth: { type: 'string' },
    precision: { type: 'string' },
    data: { type: 'string', default: 'data' },
    'python-tf': { type: 'string', default: process.env.PEERS_TF_PYTHON },
    'python-pt': { type: 'string', default: process.env.PEERS_TORCH_PYTHON },
    'node-peers': { type: 'string', default: process.env.PEERS_NODE_ROOT },
    log: { type: 'string' },
    help: { type: 'boolean' },
  },
})

const script = name => fileURLToPath(new URL(name, import.meta.url))
const python = (option, name, ...args) => ({ needs: option, command: options[option], args: [script(name), ...args] })
const tfjs = (backend, maxSteps) => ({
  needs: 'node-peers',
  command: process.execPath,
  args: [script('peers/tfjs_peer.mjs'), '--backend', backend, '--modules', options['node-peers']],
  optimizers: { nadam: 'adam' }, // it has no Nadam
  maxSteps,
})
const glorot = { name: 'glorot', command: process.execPath, args: [script('workload.mjs')] }
/** maxSteps: for peers that take seconds for what others do in milliseconds. */
const PEERS = {
  'keras-tf': python('python-tf', 'peers/keras_peer.py', '--backend', 'tensorflow'),
  'keras-jax': python('python-tf', 'peers/keras_peer.py', '--backend', 'jax'),
  jax: python('python-tf', 'peers/jax_scan_peer.py'),
  torch: python('python-pt', 'peers/torch_peer.py'),
  'torch-compile': python('python-pt', 'peers/torch_peer.py', '--compile'),
  'tfjs-node': tfjs('node'),
  'tfjs-wasm': tfjs('wasm', 50),
  'tfjs-cpu': tfjs('cpu', 20),
  'onnxruntime-node': {
    needs: 'node-peers',
    command: process.execPath,
    args: [script('peers/onnx_peer.mjs'), '--modules', options['node-peers']],
  },
  'brain.js': {
    needs: 'node-peers',
    command: process.execPath,
    args: [script('peers/brainjs_peer.mjs'), '--modules', options['node-peers']],
    maxSteps: 20,
  },
}

function chosenPeers() {
  const given = options.peers ?? ['keras-tf', 'torch'].filter(name => PEERS[name].command).join()
  return given
    .split(',')
    .filter(Boolean)
    .map(name => {
      const peer = PEERS[name]
      if (!peer) throw new Error(`--peers: expected any of ${Object.keys(PEERS).join(', ')}; received '${name}'`)
      if (!options[peer.needs]) throw new Error(`--peers ${name} needs --${peer.needs}: see --help`)
      return { name, ...peer }
    })
}

/** The first --threads CPUs of those this process may use; undefined where `taskset` does not exist. */
function pinnedCpus() {
  if (process.platform !== 'linux' || spawnSync('taskset', ['--version']).status !== 0) return undefined
  const list = readFileSync('/proc/self/status', 'utf8').match(/^Cpus_allowed_list:\s*(.*)$/m)[1]
  const allowed = list.split(',').flatMap(range => {
    const [from, to = from] = range.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  })
  return allowed.slice(0, Number(options.threads)).join()
}

function flagsOf({ optimizers = {}, maxSteps = Number.POSITIVE_INFINITY }) {
  const { workload, optimizer = WORKLOADS[workload].optimizer } = options
  const flags = {
    workload,
    optimizer: optimizers[optimizer] ?? optimizer,
    steps: Math.min(Number(options.steps), maxSteps),
  }
  for (const name of ['epochs', 'threads', 'lr', 'batch', 'seed', 'width', 'depth', 'precision', 'data']) {
    if (options[name] !== undefined) flags[name] = options[name]
  }
  return Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
}

/** One process, one JSON line: the last line of its output. */
function run({ command, args, ...peer }, pinned) {
  const line = [command, ...args, ...flagsOf(peer)]
  if (pinned) line.unshift('taskset', '-c', pinned)
  const { promise, resolve, reject } = withResolvers()
  const child = spawn(line[0], line.slice(1), {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => (stdout += chunk))
  child.stderr.on('data', chunk => (stderr += chunk))
  child.on('error', reject)
  child.on('close', code => {
    if (code === 0) resolve(JSON.parse(stdout.trim().split('\n').at(-1)))
    else reject(new Error(`exit code ${code}: ${errorLine(stderr)}`))
  })
  return promise
}

/** The line that says what went wrong: Python ends with it, Node puts the stack and its own version after it. */
function errorLine(stderr) {
  const lines = stderr.trim().split('\n')
  return lines.findLast(line => /^[\w.]*(Error|Exception)\b/.test(line)) ?? lines.at(-1)
}

function withResolvers() {
  const parts = {}
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }))
  return parts
}

/** A peer that fails is left out of later rounds; glorot's failure ends the comparison. */
async function measure(contestants, pinned) {
  const results = new Map(contestants.map(({ name }) => [name, []]))
  const failures = new Map()
  for (let round = 1; round <= Number(options.rounds); round++) {
    for (const contestant of contestants) {
      if (failures.has(contestant.name)) continue
      try {
        const result = await run(contestant, pinned)
        results.get(contestant.name).push(result)
        if (options.log) appendFileSync(options.log, `${JSON.stringify({ round, ...result })}\n`)
        console.error(`round ${round}: ${contestant.name} ${measureOf(result).toFixed(1)} µs`)
      } catch (error) {
        if (contestant === glorot) throw new Error(`glorot: ${error.message}`, { cause: error })
        failures.set(contestant.name, error.message)
        results.delete(contestant.name)
        console.error(`round ${round}: ${contestant.name} failed: ${error.message}`)
      }
    }
  }
  return { results, failures }
}

/** What is compared, in microseconds: a training step, or predicting one sample by the peer's fastest way. */
const measureOf = result => result.step_us ?? best(result, /_batch1_us$/, Math.min)
const throughputOf = result => best(result, /_batch1024_samples_per_s$/, Math.max)
const best = (result, pattern, choose) =>
  choose(...Object.keys(result).flatMap(key => (pattern.test(key) ? result[key] : [])))

const micros = time => time.toFixed(time < 100 ? 1 : 0)

function table(results) {
  const reference = results.get('glorot')
  const predicts = options.workload === 'predict'
  const columns = predicts
    ? [['samples/s at batch 1024', throughputOf, 0]]
    : [
        ['GFLOP/s', r => r.gflops, 1],
        ['epoch s', r => r.epoch_s, 2],
        ['first epoch s', r => r.first_epoch_s, 2],
      ]
  columns.push(['peak RSS MB', r => r.peak_rss_mb, 0])
  const header = [
    '',
    'version',
    predicts ? 'µs a sample' : 'step µs',
    'best–worst',
    '× glorot',
    ...columns.map(c => c[0]),
  ]
  if (!predicts) header.splice(2, 0, 'optimizer')
  const rows = [...results].map(([name, runs]) => {
    const times = runs.map(measureOf)
    // Each round's own ratio, then the median: what drifts between rounds cancels.
    const ratio = median(times.map((time, round) => time / measureOf(reference[round])))
    const cells = [
      name,
      runs[0].version,
      micros(median(times)),
      `${micros(Math.min(...times))}–${micros(Math.max(...times))}`,
      ratio.toFixed(2),
      ...columns.map(([, value, digits]) => median(runs.map(value)).toFixed(digits)),
    ]
    if (!predicts) cells.splice(2, 0, runs[0].optimizer)
    return cells
  })
  const ruler = header.map((_, i) => (i < header.indexOf('best–worst') - 1 ? '---' : '---:'))
  return [header, ruler, ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function machine(pinned) {
  const info = type() === 'Linux' ? readFileSync('/proc/cpuinfo', 'utf8') : ''
  const field = name => info.match(new RegExp(`^${name}\\s*: (.*)$`, 'm'))?.[1] ?? ''
  // A virtual machine's model name may say no more than "AMD EPYC"; family and model tell the generation.
  const generation = field('cpu family') && ` (family ${field('cpu family')}, model ${field('model')})`
  const vectors = ['avx512f', 'avx2', 'asimd'].find(flag => `${field('flags')} ${field('Features')}`.includes(flag))
  return [
    `${cpus()[0].model.trim()}${generation}${vectors ? `, ${vectors}` : ''}, ${cpus().length} logical CPUs`,
    `${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.version}`,
    `${options.threads} thread(s)${pinned ? `, pinned to CPU ${pinned}` : ', not pinned'}`,
  ].join('; ')
}

function settings(contestants) {
  const { workload, rounds, steps, epochs } = options
  const capped = contestants.filter(({ maxSteps }) => maxSteps < Number(steps))
  if (workload === 'predict') return `Workload predict (plain20's network), median of ${rounds} rounds in turns.`
  const exceptions = capped.map(({ name, maxSteps }) => `${name} ${maxSteps}`).join(', ')
  return (
    `Workload ${workload}: ${epochs} epochs of at most ${steps} steps${exceptions ? ` (${exceptions})` : ''}, the first ` +
    `not counted; median of ${rounds} rounds in turns. An epoch is extrapolated to the whole data set, validation included.`
  )
}

async function main() {
  if (options.help) return console.log(USAGE)
  if (!WORKLOADS[options.workload]) {
    throw new Error(`--workload: expected any of ${Object.keys(WORKLOADS).join(', ')}; received '${options.workload}'`)
  }
  const contestants = [glorot, ...chosenPeers()]
  const pinned = pinnedCpus()
  const { results, failures } = await measure(contestants, pinned)
  console.log(`${machine(pinned)}.\n\n${settings(contestants)}\n\n${table(results)}`)
  for (const [name, reason] of failures) console.log(`\n${name} failed: ${reason}`)
}

await main().catch(error => {
  console.error(error.message)
  process.exitCode = 1
})
