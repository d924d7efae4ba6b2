// Times glorot and its peers on a GPU, one after the other, and prints a Markdown table. Plain Node without dependencies.
//   node compare.mjs --workload narrow|wide|conv|epoch [--python PATH] [--rounds N] [--steps N] [--device cuda|cpu]
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    workload: { type: 'string', default: 'narrow' },
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

/** Commands of a workload; the first of each list is what the others are compared with. */
const WORKLOADS = {
  narrow: ['adam', 'nadam'].map(name => {
    const of = ['--optimizer', name]
    const peers = [torch('--mode', 'eager', ...of), torch('--mode', 'compile', ...of), torch('--mode', 'graph', ...of)]
    return [
      `${name}, 20 x Dense 100, batch 32`,
      [glorot(...of), glorot('--step', 'graph', ...of), ...peers, jax(...of)],
    ]
  }),
  wide: ['float32', 'tf32', 'bfloat16'].map(name => {
    const of = ['--precision', name]
    return [
      `${name}, 4 x Dense 4096, batch 512, Adam`,
      [glorot(...of), torch('--mode', 'eager', ...of), torch('--mode', 'compile', ...of), jax(...of)],
    ]
  }),
  conv: ['float32', 'tf32', 'bfloat16'].map(name => {
    const of = ['--precision', name]
    return [
      `${name}, convolutions of 32, 64, 64 filters with pooling, batch 128, Adam`,
      [glorot(...of), torch('--mode', 'eager', ...of), torch('--mode', 'compile', ...of)],
    ]
  }),
  epoch: [['an epoch of 45,000 samples with the validation on 5,000', [glorot('--optimizer', 'nadam')]]],
}

function run(command) {
  const args = [...command.slice(1), '--workload', values.workload, ...limits]
  const { status, stdout, stderr, error } = spawnSync(command[0], args, { encoding: 'utf8', timeout: 120_000 })
  if (status !== 0) return { failed: error?.message ?? errorLine(stderr) ?? `exit code ${status}` }
  return JSON.parse(stdout.trim().split('\n').at(-1))
}

/** The line that says what went wrong: Python ends with it, Node puts the stack and its own version after it. */
function errorLine(stderr) {
  const lines = stderr?.trim().split('\n') ?? []
  return (lines.findLast(line => /^[\w.]*(Error|Exception)\b/.test(line)) ?? lines.at(-1))?.slice(0, 200)
}

if (!WORKLOADS[values.workload]) throw new Error(`--workload: expected ${Object.keys(WORKLOADS).join(', ')}`)
for (const [title, commands] of WORKLOADS[values.workload]) {
  console.log(
    `\n${title}\n\n| | µs a step | × glorot | s an epoch | first s | loss |\n| --- | ---: | ---: | ---: | ---: | --- |`,
  )
  // A single round is printed as it comes: whoever stops it keeps what was measured.
  const count = Number(values.rounds)
  const rounds = count > 1 ? Array.from({ length: count }, () => commands.map(run)) : []
  const reports = new Set()
  let own
  for (const [i, command] of commands.entries()) {
    const results = count > 1 ? rounds.map(round => round[i]) : [run(command)]
    const good = results.filter(result => !result.failed).sort((a, b) => a.step_us - b.step_us)
    if (!good.length) {
      if (i === 0) process.exitCode = 1
      console.log(`| ${command.slice(1).join(' ').replaceAll(script('.'), '')} | ${results[0].failed} |`)
      continue
    }
    const { name, step_us, epoch_s, first_s, loss, report } = good[good.length >> 1]
    if (i === 0) own = good[0].step_us
    const numbers = [step_us.toFixed(1), own ? (step_us / own).toFixed(2) : '', epoch_s.toFixed(3), first_s.toFixed(1)]
    console.log(`| ${name} | ${numbers.join(' | ')} | ${loss.map(value => value.toFixed(4)).join(' → ')} |`)
    if (report) reports.add(report)
  }
  for (const report of reports) console.log(`\n${report}`)
}
