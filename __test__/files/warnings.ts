/** The warnings of this process while something runs. */
export async function warnings(run: () => unknown): Promise<string[]> {
  const told: string[] = []
  const hear = (warning: Error) => told.push(warning.message)
  process.on('warning', hear)
  try {
    await run()
    // Warnings are told a little later.
    await new Promise(resolve => setImmediate(resolve))
  } finally {
    process.off('warning', hear)
  }
  return told
}
