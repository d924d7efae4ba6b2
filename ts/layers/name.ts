import { configError, shown } from '../errors.js'

/**
 * Checks the name of a layer: with a slash it would not tell where in a model a weight is.
 *
 * @internal
 * @throws `GLOROT_CONFIG`
 */
export function checkName(owner: string, name: unknown): void {
  if (name == null || (typeof name === 'string' && name !== '' && !name.includes('/'))) return
  throw configError(
    `${owner}: option 'name' must be a string that is not empty and has no '/'; received ${shown(name)}`,
  )
}

/** @internal The name among the options of a model, which are no others than these. */
export function readName(owner: string, options: unknown, ...others: string[]): string | undefined {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw configError(`${owner}: expected an object of options; received ${shown(options)}`)
  }
  const known = [...others, 'name']
  const unknown = Object.keys(options).find(option => !known.includes(option))
  if (unknown !== undefined) {
    throw configError(`${owner}: unknown option '${unknown}'; known options: ${known.join(', ')}`)
  }
  const { name } = options as { name?: string }
  checkName(owner, name)
  return name ?? undefined
}
