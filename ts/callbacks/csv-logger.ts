import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logs } from '../models/history.js'
import { kerasNames } from '../models/names.js'
import { Callback } from './callback.js'
import { flag, readOptions, required, text } from './options.js'

/** Options of {@link csvLogger}. */
export interface CSVLoggerOptions {
  /** The file; its folder is made if need be. */
  filename: string
  /** Between two values. Default: `','`. */
  separator?: string
  /** Go on at the end of a file that exists, in its columns, rather than replace it. Default: `false`. */
  append?: boolean
}

const known = { filename: required(text('')), separator: text(','), append: flag(false) }

interface CSVLoggerState {
  columns?: string[] | undefined
  text: string
}

/**
 * Writes the logs of each epoch as a row of a table: `epoch` (from 0), then the values by Keras's names in the order of
 * the alphabet (`accuracy,loss,val_accuracy,val_loss`). A value that an epoch does not have is `NA`. A row is handed to
 * the operating system as a whole when its epoch ends.
 */
export class CSVLogger extends Callback {
  private readonly options: ReturnType<typeof readOptions<typeof known>>
  private file: FileHandle | undefined
  private columns: string[] | undefined
  /** What the file has. */
  private text = ''

  constructor(options: CSVLoggerOptions) {
    super()
    this.options = readOptions('csvLogger', options, known)
  }

  override getState(): CSVLoggerState {
    return { columns: this.columns, text: this.text }
  }

  /** The rows that an interrupted training wrote after it was saved are written again. */
  override async setState({ columns, text }: CSVLoggerState): Promise<void> {
    this.columns = columns
    this.text = text
    await this.file?.truncate(0)
    await this.file?.appendFile(text)
  }

  override async onTrainBegin(): Promise<void> {
    const { filename, append, separator } = this.options
    await this.close()
    await mkdir(dirname(filename), { recursive: true })
    this.text = append ? await contents(filename) : ''
    const [header] = this.text.split(/\r?\n/)
    this.columns = header ? header.split(separator).map(unquoted) : undefined
    this.file = await open(filename, 'a')
    if (!append) await this.file.truncate(0)
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const values: Record<string, number> = { ...kerasNames(logs), epoch }
    let rows = ''
    if (!this.columns) {
      this.columns = ['epoch', ...this.names(Object.keys(kerasNames(logs)))]
      rows += this.row(this.columns)
    }
    rows += this.row(this.columns.map(name => values[name] ?? 'NA'))
    this.text += rows
    await this.file?.appendFile(rows)
  }

  override async onTrainEnd(): Promise<void> {
    await this.close()
  }

  /** The columns of the first epoch; validation may come only later. */
  private names(names: string[]): string[] {
    const hasValidation = names.some(name => name.startsWith('val_'))
    const later = hasValidation ? [] : names.filter(name => name !== 'learning_rate').map(name => `val_${name}`)
    return [...names, ...(this.validates ? later : [])].sort()
  }

  /** Whether the training evaluates the model, be it in a later epoch. */
  private get validates(): boolean {
    return this.params?.validates ?? false
  }

  private row(values: readonly (string | number)[]): string {
    const { separator } = this.options
    const quoted = (value: string | number) => {
      const cell = String(value)
      return cell.includes(separator) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
    }
    return `${values.map(quoted).join(separator)}\n`
  }

  private async close(): Promise<void> {
    const file = this.file
    this.file = undefined
    await file?.close()
  }
}

/** What a file has, nothing if it does not exist. */
async function contents(filename: string): Promise<string> {
  try {
    return await readFile(filename, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

const unquoted = (cell: string) => (/^".*"$/.test(cell) ? cell.slice(1, -1).replaceAll('""', '"') : cell)

/** Writes the logs of each epoch to a CSV file: `csvLogger('training.csv')`, or with options. */
export const csvLogger = (filename: string | CSVLoggerOptions, options?: Omit<CSVLoggerOptions, 'filename'>) =>
  new CSVLogger(typeof filename === 'string' ? { ...options, filename } : filename)
