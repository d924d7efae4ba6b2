import { inspect } from 'node:util'

/** What kind of error it is, as `error.code`. */
export type ErrorCode =
  | 'GLOROT_BUSY'
  | 'GLOROT_CONFIG'
  | 'GLOROT_DATA'
  | 'GLOROT_DEVICE'
  | 'GLOROT_FILE'
  | 'GLOROT_INVALID'
  | 'GLOROT_NONFINITE_LOSS'
  | 'GLOROT_SHAPE'

/** @internal An error with a code, and what else it knows. */
export const failure = (code: ErrorCode, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { code, ...more })

/** @internal An error about an option. */
export const configError = (message: string): Error => failure('GLOROT_CONFIG', message)

/** @internal An error about data. */
export const dataError = (message: string): Error => failure('GLOROT_DATA', message)

/** @internal An error about shapes. */
export const shapeError = (message: string): Error => failure('GLOROT_SHAPE', message)

/** @internal What went wrong, in other words; the code stays, unless another one is given. */
export const restated = (cause: unknown, message: string, code = (cause as NodeJS.ErrnoException).code): Error =>
  Object.assign(new Error(message, { cause }), { code })

/** @internal Computes something whose errors say where they come from. */
export function prefixed<T>(where: string, compute: () => T): T {
  try {
    return compute()
  } catch (error) {
    if (error instanceof Error) error.message = `${where}: ${error.message}`
    throw error
  }
}

/** @internal A value for an error message: short, on one line. */
export function shown(value: unknown): string {
  const text = inspect(value, {
    depth: 1,
    maxArrayLength: 6,
    maxStringLength: 100,
    breakLength: Number.POSITIVE_INFINITY,
  })
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
