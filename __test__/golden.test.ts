// Runs every case of golden results of Keras through the public API. See fixtures/golden/README.md for the format;
// `GOLDEN_DIR` names another folder.
import { basename } from 'node:path'
import { afterAll, describe, test } from 'vitest'
import { runActivation } from './golden/activations.js'
import { runCallback } from './golden/callbacks.js'
import { runFile } from './golden/files.js'
import { type Case, folders, groups, readGroup } from './golden/fixtures.js'
import { runInitializer } from './golden/initializers.js'
import { runLayer } from './golden/layers.js'
import { runLoss } from './golden/losses.js'
import { runMetric } from './golden/metrics.js'
import { runOp } from './golden/ops.js'
import { runOptimizer } from './golden/optimizers.js'
import { runConstraint, runRegularizer } from './golden/penalties.js'
import { Report } from './golden/report.js'
import { runSchedule } from './golden/schedules.js'
import { runTraining } from './golden/training.js'

const runners: Record<string, (given: Case) => void | Promise<void>> = {
  activations: runActivation,
  callbacks: runCallback,
  constraints: runConstraint,
  files: given => runFile(given),
  files_keras2: given => runFile(given),
  initializers: runInitializer,
  layers: runLayer,
  losses: runLoss,
  metrics: runMetric,
  ops: runOp,
  optimizers: runOptimizer,
  regularizers: runRegularizer,
  schedules: runSchedule,
  training: runTraining,
}

const report = new Report()

for (const folder of folders) {
  describe.each(groups(folder))(`${basename(folder)}: %s`, group => {
    for (const given of readGroup(group, folder)) {
      test(given.name, async () => {
        const run = runners[group]
        if (!run) throw new Error(`there is no runner of the group '${group}'`)
        await report.run(group, given, async () => run(given))
      })
    }
  })
}

afterAll(() => console.log(`${folders.join('\n')}\n${report.text()}`))
