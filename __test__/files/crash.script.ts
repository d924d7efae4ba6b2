// Trains and saves after each step, in a process that may be killed at any moment. Argument: a folder. Says when it
// begins, and what came out.
import { join } from 'node:path'
import { callbacks } from '../../ts/index.js'
import { data, fingerprint, listeners, network, options } from './training.js'

const folder = process.argv[2] as string

class Begin extends callbacks.Callback {
  override onEpochBegin() {
    process.stdout.write('begun\n')
  }
}

const net = network('plateau')
const { x, y } = data()
const { history } = await net.fit(x, y, {
  ...options,
  callbacks: [
    new Begin(),
    ...listeners(folder),
    callbacks.backupAndRestore({ backupDir: join(folder, 'backup'), saveFreq: 1, doubleCheckpoint: true }),
    callbacks.modelCheckpoint({ path: join(folder, 'model.keras'), saveFreq: 1 }),
    callbacks.modelCheckpoint({ path: join(folder, 'model.h5'), saveFreq: 2 }),
    callbacks.modelCheckpoint({ path: join(folder, 'model.weights.h5'), saveFreq: 1, saveWeightsOnly: true }),
    callbacks.modelCheckpoint({ path: join(folder, 'model.safetensors'), saveFreq: 1, saveWeightsOnly: true }),
  ],
})
process.stdout.write(`${JSON.stringify({ weights: fingerprint(net), history })}\n`)
