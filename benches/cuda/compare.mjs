// Times glorot and its peers on a GPU, one after the other, and prints a Markdown table. Plain Node without dependencies.
//   node compare.mjs [--workload narrow|wide|conv|epoch] [--python PATH] [--rounds N] [--steps N] [--device cuda|cpu]
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    workload: { type: 'string', default: 'all' },
    python: { type: 'string', default: process.env.PEERS_TORCH_PYTHON ?? 'python3' },
    rounds: { type: 'string', default: '1' },
    steps: { type: 'string' },
    epochs: { type: 'string' },
    device: { type: 'string', default: 'cuda' },
    // In the repository the TypeScript sources are run through a loader; in a bundle nothing is needed.
    loader: { type: 'string' },
  },
})
const script = name => fileURLToPath(new URL(name, import.meta.url))
const limits = ['steps', 'epochs'].flatMap(name => (values[name] ? [`--${name}`, values[name]] : []))
const onDevice = ['--device', values.device]
const glorot = (...args) => [
  process.execPath,
  ...(values.loader ? ['--import', values.loader] : []),
  script('glorot.mjs'),
  ...onDevice,
  ...args,
]
const torch = (...args) => [values.python, script('torch_peer.py'), ...onDevice, ...args]
const jax = (...args) => [values.python, script('jax_peer.py'), ...args]

const modes = (names, of) => names.map(mode => torch('--mode', mode, ...of))
const precisions = ['float32', 'tf32', 'bfloat16']

/**
 * Tables of a workload: the first command is what the others are compared with; those that take long to start come last.
 * Targets: how many times as long, by the name, a peer must take at least; seconds of an epoch at most.
 */
const WORKLOADS = {
  narrow: ['adam', 'nadam'].map(name => {
    const of = ['--optimizer', name]
    return {
      title: `${name}, 20 x Dense 100, batch 32`,
      commands: [
        glorot(...of),
        glorot('--step', 'graph', ...of),
        ...modes(['eager', 'graph'], of),
        jax(...of),
        ...modes(['compile'], of),
      ],
      targets: { eager: 10, graph: 2, compile: 2, scan: 1.5 },
    }
  }),
  epoch: [
    {
      title: 'an epoch of 45,000 samples with the validation on 5,000',
      commands: [glorot('--optimizer', 'nadam')],
      epoch: 0.4,
    },
  ],
  wide: precisions.map(name => {
    const of = ['--precision', name]
    return {
      title: `${name}, 4 x Dense 4096, batch 512, Adam`,
      commands: [glorot(...of), ...modes(['eager', 'graph'], of), jax(...of), ...modes(['compile'], of)],
      targets: { eager: 1, graph: 1, compile: 1 },
    }
  }),
  conv: precisions.map(name => {
    const of = ['--precision', name]
    return {
      title: `${name}, convolutions of 32, 64, 64 filters with pooling, batch 128, Adam`,
      commands: [glorot(...of), ...modes(['eager', 'graph', 'compile'], of)],
      targets: {},
    }
  }),
}

function run(command, workload) {
  const args = [...command.slice(1), '--workload', workload, ...limits]
  const { status, stdout, stderr, error } = spawnSync(command[0], args, { encoding: 'utf8', timeout: 120_000 })
  if (status !== 0) return { failed: error?.message ?? errorLine(stderr) ?? `exit code ${status}` }
  return JSON.parse(stdout.trim().split('\n').at(-1))
}

/** The line that says what went wrong: Python ends with it, Node puts the stack and its own version after it. */
function errorLine(stderr) {
  const lines = stderr?.trim().split('\n') ?? []
  return (lines.findLast(line => /^[\w.]*(Error|Exception)\b/.test(line)) ?? lines.at(-1))?.slice(0, 200)
}

/** What was measured of a target. */
function judge({ targets = {}, epoch }, results) {
  const [own, ...peers] = results
  if (!own) return
  for (const [ending, factor] of Object.entries(targets)) {
    const peer = peers.find(result => result?.name.endsWith(` ${ending}`) && !result.name.startsWith('glorot'))
    if (!peer) continue
    const ratio = peer.step_us / own.step_us
    console.log(`target ${factor} x ${peer.name}: ${ratio.toFixed(2)}, ${ratio >= factor ? 'reached' : 'missed'}`)
  }
  if (epoch) {
    const reached = own.epoch_s <= epoch
    console.log(`target ${epoch} s an epoch: ${own.epoch_s.toFixed(3)} s, ${reached ? 'reached' : 'missed'}`)
  }
}

function table(workload, { title, commands, ...targets }) {
  console.log(
    `\n${title}\n\n| | µs a step | × glorot | s an epoch | first s | loss |\n| --- | ---: | ---: | ---: | ---: | --- |`,
  )
  // A single round is printed as it comes: whoever stops it keeps what was measured.
  const count = Number(values.rounds)
  const rounds = count > 1 ? Array.from({ length: count }, () => commands.map(command => run(command, workload))) : []
  const reports = new Set()
  const medians = []
  for (const [i, command] of commands.entries()) {
    const results = count > 1 ? rounds.map(round => round[i]) : [run(command, workload)]
    const good = results.filter(result => !result.failed).sort((a, b) => a.step_us - b.step_us)
    medians.push(good[good.length >> 1])
    if (!good.length) {
      if (i === 0) process.exitCode = 1
      console.log(`| ${command.slice(1).join(' ').replaceAll(script('.'), '')} | ${results[0].failed} |`)
      continue
    }
    const { name, step_us, epoch_s, first_s, loss, report } = medians[i]
    const times = medians[0] ? (step_us / medians[0].step_us).toFixed(2) : ''
    const numbers = [step_us.toFixed(1), times, epoch_s.toFixed(3), first_s.toFixed(1)]
    console.log(`| ${name} | ${numbers.join(' | ')} | ${loss.map(value => value.toFixed(4)).join(' → ')} |`)
    if (report) reports.add(report)
  }
  console.log('')
  judge(targets, medians)
  for (const report of reports) console.log(`\n${report}`)
}

const names = values.workload === 'all' ? Object.keys(WORKLOADS) : [values.workload]
for (const name of names) {
  if (!WORKLOADS[name]) throw new Error(`--workload: expected ${Object.keys(WORKLOADS).join(', ')}`)
  for (const one of WORKLOADS[name]) table(name, one)
}
