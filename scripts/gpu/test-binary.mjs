import { run } from '../lib.mjs'

/** The path of a test binary of the CUDA crate, built. */
export async function testBinary(name) {
  const args = ['test', '-p', 'glorot-cuda', '--test', name, '--no-run', '--locked', '--message-format=json']
  const lines = (await run('cargo', args)).split('\n').filter(line => line.startsWith('{'))
  const built = lines.map(line => JSON.parse(line)).find(line => line.executable && line.target?.name === name)
  if (!built) throw new Error(`cargo built no test named ${name}`)
  return built.executable
}
