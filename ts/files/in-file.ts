/**
 * Runs work on a file; an error names it and has a code.
 *
 * @internal
 */
export async function inFile<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    const text = message.startsWith(path) ? message : `${path}: ${message}`
    throw Object.assign(new Error(text, { cause: error }), { code: known(code) ? code : 'GLOROT_FILE' })
  }
}

const known = (code: unknown) => typeof code === 'string' && code.startsWith('GLOROT_')
