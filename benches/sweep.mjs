#!/usr/bin/env node
// Step time of a dense network against its width, depth, batch and the number of threads, beside peers: compare.mjs for
// each point, then a picture and a table. No size should cost much more than the sizes around it.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { plotCurves } from '../dist/plot/index.js'
import { median, WORKLOADS } from './peers/peer_common.mjs'

const { values: options } = parseArgs({
  options: {
    peers: { type: 'string', default: 'jax,torch' },
    threads: { type: 'string', default: [...new Set([1, availableParallelism()])].join() },
    axes: { type: 'string', default: 'width,depth,batch' },
    rounds: { type: 'string', default: '3' },
    out: { type: 'string', default: 'sweep' }, // OUT.svg, OUT.md and OUT.jsonl are written
    data: { type: 'string', default: 'data' },
    'python-tf': { type: 'string', default: process.env.PEERS_TF_PYTHON ?? '' },
    'python-pt': { type: 'string', default: process.env.PEERS_TORCH_PYTHON ?? '' },
  },
})

const base = { width: 256, depth: WORKLOADS.dense.hidden.length, batch: 32 }
const sweeps = {
  width: [32, 64, 100, 128, 256, 500, 512, 1024, 2048, 4096],
  depth: [2, 5, 10, 20, 50],
  batch: [1, 4, 16, 32, 64, 100, 256, 1024, 4096],
}

/** About a second of work for a network that reaches 50 GFLOP/s. */
function stepsOf({ width, depth, batch }) {
  const flops = 6 * batch * (784 * width + (depth - 1) * width * width)
  return Math.max(3, Math.min(1000, Math.floor(5e10 / flops), Math.floor(200_000 / batch)))
}

/** Microseconds a step of each library: the median over rounds. */
function measure(point, threads) {
  const folder = mkdtempSync(join(tmpdir(), 'glorot-sweep-'))
  const log = join(folder, 'log.jsonl')
  const { rounds, peers } = options
  const flags = { workload: 'dense', ...point, threads, steps: stepsOf(point), epochs: 4, rounds, peers, log }
  for (const name of ['data', 'python-tf', 'python-pt']) flags[name] = options[name]
  const script = fileURLToPath(new URL('compare.mjs', import.meta.url))
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
  const { status } = spawnSync(process.execPath, [script, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw new Error(`compare.mjs ${args.join(' ')} failed`)
  const results = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  rmSync(folder, { recursive: true })
  const names = [...new Set(results.map(({ peer }) => peer))]
  return names.map(peer => {
    const times = results.filter(result => result.peer === peer).map(({ step_us }) => step_us)
    return { ...point, threads, peer, step_us: median(times) }
  })
}

const results = []
const panels = []
for (const axis of options.axes.split(',')) {
  for (const threads of options.threads.split(',').map(Number)) {
    const measured = sweeps[axis].flatMap(value => measure({ ...base, [axis]: value }, threads))
    results.push(...measured.map(result => ({ axis, ...result })))
    const names = [...new Set(measured.map(({ peer }) => peer))]
    const lines = names.map(name => {
      const points = measured.filter(({ peer }) => peer === name)
      return { name, x: points.map(point => point[axis]), y: points.map(({ step_us }) => step_us) }
    })
    panels.push({
      title: `${threads} thread${threads > 1 ? 's' : ''}`,
      xLabel: axis,
      yLabel: 'µs a step',
      xScale: 'log',
      yScale: 'log',
      lines,
    })
  }
}

const names = [...new Set(results.map(({ peer }) => peer))]
const rows = [...new Set(results.map(({ axis, threads, ...result }) => `${axis} ${result[axis]} | ${threads}`))].map(
  key => {
    const at = name => results.find(r => `${r.axis} ${r[r.axis]} | ${r.threads}` === key && r.peer === name)?.step_us
    return `| ${key} | ${names.map(name => at(name)?.toFixed(0) ?? '').join(' | ')} |`
  },
)
writeFileSync(`${options.out}.jsonl`, results.map(result => `${JSON.stringify(result)}\n`).join(''))
writeFileSync(
  `${options.out}.md`,
  `| | threads | ${names.join(' | ')} |\n| --- | ---: |${' ---: |'.repeat(names.length)}\n${rows.join('\n')}\n`,
)
console.log(await plotCurves(panels, `${options.out}.svg`))
