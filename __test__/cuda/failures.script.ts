// For each failure that is named (function:n:code, or "none"): trains while it happens, and once more after it. The first
// argument names the network, the second the precision.
import type { CompileOptions } from '../../ts/index.js'
import { convolutional, images, net, silent, x, y } from './net.js'

const [network, precision, ...failures] = process.argv.slice(2)
const [build, samples] = network === 'convolutional' ? [convolutional, images] : [net, x]
const labels = y.slice([0], [samples.shape[0] as number])

async function train(device: string) {
  try {
    const model = build({ device, precision: precision as CompileOptions['precision'] })
    const { history } = await model.fit(samples, labels, { ...silent, epochs: network === 'convolutional' ? 1 : 2 })
    const predicted = await model.predict(samples, silent)
    const sum = Array.from(predicted.data()).reduce((sum, value, i) => sum + value * Math.sin(i), 0)
    // How many convolutions of a step cuDNN computes.
    const convolutions = Number(/(\d+) of them convolutions of cuDNN/.exec(model.deviceReport ?? '')?.[1] ?? 0)
    const problem = /.* do without$/m.exec(model.deviceReport ?? '')?.[0]
    return { loss: history.loss, sum, convolutions, problem }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return { code, message }
  }
}

const results: Record<string, unknown> = { cpu: await train('cpu') }
for (const failure of failures) {
  if (failure !== 'none') process.env.STAND_IN_FAIL = failure
  const during = await train('cuda')
  delete process.env.STAND_IN_FAIL
  results[failure] = { during, after: await train('cuda') }
}
console.log(JSON.stringify(results))
