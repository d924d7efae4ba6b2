// For each failure that is named (function:n:code): trains while it happens, and once more after it.
import { net, silent, x, y } from './net.js'

async function train(device: string) {
  try {
    const model = net({ device })
    const { history } = await model.fit(x, y, { ...silent, epochs: 2 })
    const predicted = await model.predict(x, silent)
    return { loss: history.loss, sum: Array.from(predicted.data()).reduce((sum, value) => sum + value, 0) }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return { code, message }
  }
}

const results: Record<string, unknown> = {}
for (const failure of process.argv.slice(2)) {
  process.env.STAND_IN_FAIL = failure
  const during = await train('cuda')
  delete process.env.STAND_IN_FAIL
  results[failure] = { during, after: await train('cuda') }
}
console.log(JSON.stringify(results))
