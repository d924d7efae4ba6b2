// Trains a network (net, deep) on the device that is named, for so many epochs, and prints what came of it.
import { devices } from '../../ts/index.js'
import { deep, net, silent, x, y } from './net.js'

const [device = 'auto', epochs = '4', network = 'net'] = process.argv.slice(2)
const model = (network === 'deep' ? deep : net)({ device })
const { history } = await model.fit(x, y, { ...silent, epochs: Number(epochs), validationSplit: 0.25 })
const scores = await model.evaluate(x, y, silent)
const predicted = await model.predict(x, silent)
const one = model.predictSync(x.slice([0, 0], [1, 6]))
console.log(
  JSON.stringify({
    device: model.device,
    devices: (await devices()).map(({ id, available, libraries }) => ({
      id,
      available,
      versions: libraries?.map(({ name, version }) => [name, version ?? null]),
    })),
    report: model.deviceReport,
    history,
    scores,
    predicted: Array.from(predicted.data()),
    one: Array.from(one.data()),
  }),
)
