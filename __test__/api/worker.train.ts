// Trains with the seed and data of the test: says `begun` for a long training, the weights of a short one.
import { parentPort, workerData } from 'node:worker_threads'
import { bytes, circle, network } from './data.js'

const { epochs } = workerData as { epochs: number }
const net = network()
const { x, y } = circle(200)
const done = net.fit(x, y, { epochs, verbose: 0 })
if (epochs > 100) setTimeout(() => parentPort?.postMessage('begun'), 50)
await done
parentPort?.postMessage(bytes(net.getWeights()))
