import { restated } from '../errors.js'

/**
 * Runs work on a file, or several; an error names the file and has a code.
 *
 * @internal
 */
export async function inFile<T>(paths: string | readonly string[], work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    const list = typeof paths === 'string' ? ([paths] as const) : paths
    const text = list.some(path => message.startsWith(path)) ? message : `${list[0]}: ${message}`
    throw restated(error, text, known(code) ? code : 'GLOROT_FILE')
  }
}

const known = (code: unknown) => typeof code === 'string' && code.startsWith('GLOROT_')
