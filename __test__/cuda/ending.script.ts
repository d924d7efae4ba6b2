// Ends while the kernel of whole steps is being compiled in the background: by `process.exit`, by an error, or at its end.
import { net, silent, x, y } from './net.js'

const how = process.argv[2]
const model = net({ device: 'cuda' })
const fitting = model.fit(x, y, { ...silent, epochs: how === 'end' ? 30 : 10_000 })
if (how === 'end') await fitting
else setTimeout(end, 300)

function end() {
  if (how === 'exit') process.exit(3)
  throw new Error('the program failed')
}
