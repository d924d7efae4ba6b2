// Ends while kernels are being compiled: those of the first step (by `process.exit`, or an error), or in the background those
// of whole steps (at its end, or at that of a worker thread).
import { Worker } from 'node:worker_threads'

const how = process.argv[2]
if (how === 'worker') {
  const code = `import('tsx/esm/api').then(tsx => tsx.tsImport(${JSON.stringify(import.meta.url)}, ${JSON.stringify(import.meta.url)}))`
  new Worker(code, { eval: true, argv: ['end'] })
} else {
  // Only here: the main thread of a worker does not load the library.
  const { net, silent, x, y } = await import('./net.js')
  // Of a size that no other test has compiled.
  const fitting = net({ device: 'cuda' }, 13).fit(x, y, { ...silent, epochs: how === 'end' ? 30 : 10_000 })
  if (how === 'end') await fitting
  else setTimeout(end, 300)
}

function end() {
  if (how === 'exit') process.exit(3)
  throw new Error('the program failed')
}
